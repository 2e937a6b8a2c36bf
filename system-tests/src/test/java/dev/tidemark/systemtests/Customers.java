package dev.tidemark.systemtests;

import dev.tidemark.cache.CacheSettings;
import dev.tidemark.cache.Read;
import dev.tidemark.cache.ReadOption;
import dev.tidemark.cache.VersionedCache;
import dev.tidemark.cache.store.CacheKey;
import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.EntryStore;
import io.opentelemetry.api.metrics.Meter;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.jdbi.v3.core.Jdbi;

/// Reads of a service that is not part of Tidemark, as it would write them.
// region customers
final class Customers {
  private final Jdbi database;
  private final VersionedCache cache;

  Customers(Jdbi database, EntryStore entries, Meter meter) {
    this.database = database;
    this.cache = new VersionedCache(entries, CacheSettings.defaults(), meter);
  }

  Read read(String id, ReadOption option) {
    return cache.read(CacheKey.of("customer", id), option, () -> find(id));
  }

  private CachedValue find(String id) {
    return database.withHandle(
        handle ->
            handle
                .createQuery(CustomerSql.FIND)
                .bind("id", id)
                .map((row, context) -> value(row))
                .findOne()
                .orElseGet(() -> new CachedValue.Absent(0)));
  }

  private static CachedValue value(ResultSet row) throws SQLException {
    return row.getBoolean("live")
        ? new CachedValue.Present(row.getLong("version"), row.getBytes("json"))
        : new CachedValue.Absent(row.getLong("version"));
  }
}
// endregion
