package dev.tidemark.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;

/// Standbys of a PostgreSQL server.
public final class PostgresStandby {

  private PostgresStandby() {}

  /// Starts a hot standby of a server that runs: it follows by streaming replication through a
  /// physical slot of its own, `standby_<port>`, and answers reads when this returns.
  ///
  /// It has what it takes for slots to be copied to it (feedback, and a database in
  /// `primary_conninfo`); `sync_replication_slots` switches that on. A slot is there for good once
  /// its reader has moved it past the beginning of the standby.
  ///
  /// @param dir has no data yet
  /// @param port 0 picks a free one
  /// @param others settings that override the primary's
  public static PostgresServer start(
      PostgresServer primary, Path dir, int port, Map<String, String> others) {
    PostgresServer standby =
        new PostgresServer(
            dir, dir.resolve("postgresql.log"), port, primary.user, primary.settings);
    String slot = "standby_" + standby.port();
    standby.settings.putAll(
        Map.of(
            "primary_conninfo",
            "host=127.0.0.1 port=%d user=%s dbname=%s application_name=%s"
                .formatted(primary.port(), PostgresServer.SUPERUSER, PostgresServer.DATABASE, slot),
            "primary_slot_name",
            slot,
            "hot_standby_feedback",
            "on"));
    standby.settings.putAll(others);
    Path data = standby.dir().resolve("data");
    try (Connection session = DriverManager.getConnection(primary.jdbcUrl());
        Statement statement = session.createStatement()) {
      statement.execute("SELECT pg_create_physical_replication_slot('%s', true)".formatted(slot));
      Files.createDirectories(standby.dir());
      BaseBackup.make(session, primary.dir().resolve("data"), data);
      Files.createFile(data.resolve("standby.signal"));
    } catch (SQLException | IOException e) {
      throw new ServerStartException(
          "cannot copy PostgreSQL's data folder for a standby to " + data, e);
    }
    standby.start();
    return standby;
  }

  /// Makes a standby a primary of its own. Returns when it accepts writes. The server that it
  /// followed is not asked.
  public static void promote(PostgresServer standby) {
    try (Connection session = DriverManager.getConnection(standby.jdbcUrl());
        Statement statement = session.createStatement();
        ResultSet promoted =
            statement.executeQuery(
                "SELECT pg_promote(true, %d)"
                    .formatted(PostgresServer.START_TIMEOUT.toSeconds()))) {
      if (!promoted.next() || !promoted.getBoolean(1)) {
        throw new IllegalStateException(
            "the standby %s was not promoted within %s"
                .formatted(standby.jdbcUrl(), PostgresServer.START_TIMEOUT));
      }
    } catch (SQLException e) {
      throw new IllegalStateException("cannot promote the standby " + standby.jdbcUrl(), e);
    }
  }
}
