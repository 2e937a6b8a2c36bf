package dev.tidemark.api;

import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/// The ids that an import has named, in a temporary table of PostgreSQL, where any number fits:
/// what is not among them at the end is what a replacing import deletes. Holds a connection until
/// closed. Confined to one thread.
///
/// Every method throws [DatabaseFault] when the database is away or refuses.
final class ImportedIds implements AutoCloseable {

  private static final String REST = SqlFile.read("import-rest.sql");
  private static final String DELETE_ALL = SqlFile.read("delete-all.sql");

  private static final int BATCH = 500;

  private final Handle handle;
  private final OffsetDateTime began;

  private ImportedIds(Handle handle) {
    this.handle = handle;
    this.began = handle.createQuery("select clock_timestamp()").mapTo(OffsetDateTime.class).one();
    handle.execute("drop table if exists pg_temp.import_id");
    handle.execute("create temporary table import_id (id text primary key)");
  }

  static ImportedIds open(Jdbi jdbi) {
    try {
      Handle handle = jdbi.open();
      try {
        return new ImportedIds(handle);
      } catch (RuntimeException e) {
        handle.close();
        throw e;
      }
    } catch (RuntimeException e) {
      throw DatabaseFault.of(e);
    }
  }

  void add(List<String> ids) {
    try {
      handle
          .createUpdate("insert into import_id select unnest(:ids::text[]) on conflict do nothing")
          .bindArray("ids", String.class, ids)
          .execute();
    } catch (RuntimeException e) {
      throw DatabaseFault.of(e);
    }
  }

  /// Deletes the products that were not named, in batches, each a transaction. What was written
  /// after the import began stays: its writer knew better.
  long deleteRest(Optional<String> traceparent) {
    try {
      long deleted = 0;
      String after = "";
      while (true) {
        List<String> ids =
            handle
                .createQuery(REST)
                .bind("after", after)
                .bind("since", began)
                .bind("limit", BATCH)
                .mapTo(String.class)
                .list();
        if (ids.isEmpty()) {
          return deleted;
        }
        deleted +=
            handle
                .createQuery(DELETE_ALL)
                .bindArray("ids", String.class, ids)
                .bind("since", began)
                .bind("traceparent", traceparent.orElse(null))
                .mapTo(Long.class)
                .one();
        after = ids.getLast();
      }
    } catch (RuntimeException e) {
      throw DatabaseFault.of(e);
    }
  }

  @Override
  public void close() {
    try (handle) {
      handle.execute("drop table pg_temp.import_id");
    } catch (RuntimeException e) {
      // The connection is broken, and the table gone with it.
    }
  }
}
