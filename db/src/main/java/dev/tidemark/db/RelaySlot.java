package dev.tidemark.db;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGProperty;
import org.postgresql.ds.PGSimpleDataSource;

/// The replication slot that the relay reads, as `migrate` creates it.
///
/// A *failover slot* is copied to the standbys that are set up for it, so that a promoted standby
/// has it ([PostgreSQL manual,
/// 47.2.3](https://www.postgresql.org/docs/current/logicaldecoding-explanation.html#LOGICALDECODING-REPLICATION-SLOTS-SYNCHRONIZATION)).
final class RelaySlot {
  private static final int FIRST_VERSION_WITH_FAILOVER = 170_000;

  private final String name;
  private final Optional<Boolean> failover;
  private final Consumer<String> progress;

  /// @param failover empty: an existing slot stays as it is, a new one is no failover slot
  RelaySlot(String name, Optional<Boolean> failover, Consumer<String> progress) {
    this.name = name;
    this.failover = failover;
    this.progress = progress;
  }

  /// @param version the server's `server_version_num`
  /// @throws SQLException when the server is too old for what is wanted
  void requireSupport(int version) throws SQLException {
    if (isFailoverWanted() && version < FIRST_VERSION_WITH_FAILOVER) {
      throw new SQLException(
          "%s is true, but the server is PostgreSQL %d, and failover slots begin with 17: leave the setting out"
              .formatted(Configuration.SLOT_FAILOVER.label(), version / 10_000));
    }
  }

  /// @param replication makes connections to the same database that understand replication commands
  void make(Connection connection, PGSimpleDataSource replication) throws SQLException {
    Existing existing = find(connection);
    if (existing == null) {
      create(connection);
      progress.accept("slot " + name + " created" + (isFailoverWanted() ? ", for failover" : ""));
    } else if (!existing.isOurs()) {
      throw new SQLException(
          "the server already has a replication slot %s for database %s with plugin %s; one server serves one Tidemark database"
              .formatted(name, existing.database(), existing.plugin()));
    } else if (failover.isPresent() && failover.get() != existing.isFailover()) {
      if (existing.isActive()) {
        // The server itself would wait, for as long as the relay runs.
        throw new SQLException(
            "slot %s cannot be switched to failover = %s while a relay reads it: stop the relays, run migrate again, start them"
                .formatted(name, failover.get()));
      }
      alter(replication, failover.get());
      progress.accept(
          "slot " + name + " was there, failover switched " + (failover.get() ? "on" : "off"));
    } else {
      progress.accept("slot " + name + " was there");
    }
  }

  private boolean isFailoverWanted() {
    return failover.orElse(false);
  }

  private record Existing(
      @Nullable String database,
      String plugin,
      boolean isOurs,
      boolean isActive,
      boolean isFailover) {}

  private @Nullable Existing find(Connection connection) throws SQLException {
    // The column failover is read through JSON because servers before 17 lack it.
    try (PreparedStatement find =
        connection.prepareStatement(
            """
            select database, plugin, active,
                   coalesce(database = current_database() and plugin = 'pgoutput', false) as ours,
                   coalesce((to_jsonb(slot) ->> 'failover')::boolean, false)              as failover
              from pg_replication_slots as slot
             where slot_name = ?
            """)) {
      find.setString(1, name);
      try (ResultSet slot = find.executeQuery()) {
        return slot.next()
            ? new Existing(
                slot.getString("database"),
                String.valueOf(slot.getString("plugin")),
                slot.getBoolean("ours"),
                slot.getBoolean("active"),
                slot.getBoolean("failover"))
            : null;
      }
    }
  }

  private void create(Connection connection) throws SQLException {
    // Named only if wanted: servers before 17 do not know the parameter.
    String options = isFailoverWanted() ? ", failover => true" : "";
    try (PreparedStatement create =
        connection.prepareStatement(
            "select pg_create_logical_replication_slot(?, 'pgoutput'" + options + ")")) {
      create.setString(1, name);
      create.execute();
    }
  }

  /// Changes the slot by a replication command, because there is no SQL function for this.
  private void alter(PGSimpleDataSource replication, boolean wanted) throws SQLException {
    replication.setProperty(PGProperty.REPLICATION, "database");
    replication.setProperty(PGProperty.PREFER_QUERY_MODE, "simple");
    replication.setProperty(PGProperty.ASSUME_MIN_SERVER_VERSION, "17");
    try (Connection connection = replication.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("ALTER_REPLICATION_SLOT %s (FAILOVER %s)".formatted(name, wanted));
    }
  }
}
