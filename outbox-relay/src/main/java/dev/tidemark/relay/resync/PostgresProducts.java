package dev.tidemark.relay.resync;

import dev.tidemark.event.OutboxEvent;
import dev.tidemark.relay.settings.Configuration;
import dev.tidemark.service.settings.Pooler;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;

/// Products in PostgreSQL, read over one connection.
final class PostgresProducts implements Products {
  /// Amount of JSON after which a page ends, however few products it holds.
  private static final long PAGE_BYTES = 4L << 20;

  /// Rows that the driver holds at once.
  private static final int FETCH_SIZE = 50;

  private static final String LOCK_NOT_AVAILABLE = "55P03";

  private final Handle database;

  private PostgresProducts(Handle database) {
    this.database = database;
  }

  static PostgresProducts open(DataSource source) {
    var database = Jdbi.create(source).open();
    try {
      Pooler.refuseShared(database.getConnection(), source);
    } catch (SQLException e) {
      database.close();
      throw new ResyncRun.Failed(String.valueOf(e.getMessage()));
    }
    // Only row locks are ever written here, and they need not be durable.
    database.execute("set synchronous_commit = off");
    return new PostgresProducts(database);
  }

  /// Keeps other runs away from this database until this object is closed. Waits two seconds for a
  /// run that ends: the server may notice a closed connection late.
  ///
  /// @throws AnotherRuns when one goes on
  void claim() {
    try {
      database.useTransaction(
          transaction -> {
            transaction.execute("set local lock_timeout = '2s'");
            transaction.execute("select pg_advisory_lock(hashtextextended('tidemark resync', 0))");
          });
    } catch (JdbiException e) {
      if (e.getCause() instanceof SQLException sql
          && LOCK_NOT_AVAILABLE.equals(sql.getSQLState())) {
        throw new AnotherRuns();
      }
      throw e;
    }
  }

  /// Thrown when another resync works on this database.
  static final class AnotherRuns extends RuntimeException {
    AnotherRuns() {
      super("another resync runs on this database; wait for its end, or stop it");
    }
  }

  /// Returns a name for this database that is unique among all that share a Kafka cluster.
  String owner() {
    return database
        .createQuery(
            "select system_identifier || '/' || current_database() from pg_control_system()")
        .mapTo(String.class)
        .one();
  }

  @Override
  public long count(ProductRange range) {
    return range
        .bind(database.createQuery("select count(*) from product p where " + range.condition()))
        .mapTo(Long.class)
        .one();
  }

  @Override
  public List<String> unknown(List<String> ids) {
    return database
        .createQuery("select unnest(cast(:ids as text[])) except select id from product order by 1")
        .bindArray("ids", String.class, ids)
        .mapTo(String.class)
        .list();
  }

  @Override
  public List<OutboxEvent> page(ProductRange range, Optional<String> after, int most) {
    var page =
        """
        select p.id, p.version, p.deleted_at is not null as deleted, product_json(p)::text as payload,
               coalesce(p.deleted_at, p.updated_at) as changed_at
          from product p
         where %s %s
         order by p.id collate "C"
         limit :most
        """
            .formatted(
                range.condition(), after.isPresent() ? "and p.id collate \"C\" > :after" : "");
    // The driver reads in pieces only inside a transaction.
    return database.inTransaction(
        transaction -> {
          var query =
              range.bind(transaction.createQuery(page)).bind("most", most).setFetchSize(FETCH_SIZE);
          after.ifPresent(id -> query.bind("after", id));
          var states = new ArrayList<OutboxEvent>();
          long bytes = 0;
          try (var rows = query.map((row, context) -> event(row)).iterator()) {
            while (rows.hasNext() && bytes < PAGE_BYTES) {
              var event = rows.next();
              states.add(event);
              bytes += event.payload().length();
            }
          }
          return states;
        });
  }

  @Override
  public Map<String, Long> versions(List<String> ids) {
    return versions("select id, version from product where id = any(:ids)", ids);
  }

  @Override
  public Map<String, Long> settledVersions(List<String> ids) {
    return versions("select id, version from products_settled(:ids)", ids);
  }

  private Map<String, Long> versions(String query, List<String> ids) {
    return database
        .createQuery(query)
        .bindArray("ids", String.class, ids)
        .map((row, context) -> Map.entry(row.getString("id"), row.getLong("version")))
        .stream()
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }

  @Override
  public void close() {
    database.close();
  }

  private static OutboxEvent event(ResultSet row) throws SQLException {
    return new OutboxEvent(
        UUID.randomUUID(),
        Configuration.PRODUCT,
        row.getString("id"),
        row.getLong("version"),
        Configuration.PRODUCT + (row.getBoolean("deleted") ? ".deleted" : ".updated"),
        row.getString("payload"),
        Optional.empty(),
        row.getTimestamp("changed_at").toInstant());
  }
}
