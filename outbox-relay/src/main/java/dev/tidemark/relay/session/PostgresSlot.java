package dev.tidemark.relay.session;

import dev.tidemark.relay.source.StreamFailed;
import dev.tidemark.relay.status.SlotState;
import dev.tidemark.service.settings.DatabaseUrl;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicReference;
import javax.sql.DataSource;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGProperty;
import org.postgresql.replication.LogSequenceNumber;

/// The relay's replication slot: its state, and how it is created again.
///
/// Thread-safe in that [#close] may come from anywhere.
final class PostgresSlot implements AutoCloseable {
  private final DatabaseUrl database;
  private final String name;
  private final AtomicReference<@Nullable Connection> replication = new AtomicReference<>();
  private volatile boolean closed;

  PostgresSlot(DatabaseUrl database, String name) {
    this.database = database;
    this.name = name;
  }

  /// Returns the current state of a slot.
  static SlotState state(DataSource database, String name) {
    try {
      return Jdbi.create(database).withHandle(handle -> SlotState.read(handle, name));
    } catch (JdbiException e) {
      throw new StreamFailed("PostgreSQL did not answer how the slot is", e);
    }
  }

  /// A slot that has just been created, and a snapshot of the database at that time. The slot does
  /// not return what the snapshot shows, but everything else. The snapshot exists until this object
  /// is closed.
  record Fresh(LogSequenceNumber begin, String snapshot) {}

  /// Drops the slot if it exists, and creates it again. Waits for the open transactions.
  Fresh makeAnew() {
    var source = database.dataSource("tidemark-relay-slot");
    try {
      source.setProperty(PGProperty.REPLICATION, "database");
      source.setProperty(PGProperty.PREFER_QUERY_MODE, "simple");
      source.setProperty(PGProperty.ASSUME_MIN_SERVER_VERSION, "14");
      var connection = source.getConnection();
      replication.set(connection);
      if (closed) {
        close();
      }
      boolean failover = drop(connection);
      // Servers before 15 know only the shorter form, and servers from 17 on know failover.
      try (var statement = connection.createStatement();
          var made =
              statement.executeQuery(
                  "CREATE_REPLICATION_SLOT %s LOGICAL pgoutput %s"
                      .formatted(
                          name,
                          failover ? "(SNAPSHOT 'export', FAILOVER true)" : "EXPORT_SNAPSHOT"))) {
        made.next();
        return new Fresh(
            LogSequenceNumber.valueOf(made.getString("consistent_point")),
            made.getString("snapshot_name"));
      }
    } catch (SQLException e) {
      throw new StreamFailed("replication slot %s could not be made anew".formatted(name), e);
    }
  }

  /// Drops the slot, and returns whether it was a failover slot.
  private boolean drop(Connection connection) throws SQLException {
    try (var statement = connection.createStatement();
        var dropped =
            statement.executeQuery(
                """
                select coalesce((to_jsonb(slot) ->> 'failover')::boolean, false),
                       pg_drop_replication_slot(slot_name)
                  from pg_replication_slots as slot
                 where slot_name = '%s' and database = current_database()
                """
                    .formatted(name))) {
      return dropped.next() && dropped.getBoolean(1);
    }
  }

  /// Ends the current operation.
  @Override
  public void close() {
    closed = true;
    var connection = replication.getAndSet(null);
    if (connection != null) {
      try {
        connection.abort(Runnable::run);
      } catch (SQLException e) {
        throw new StreamFailed("the connection of slot %s could not be ended".formatted(name), e);
      }
    }
  }
}
