package dev.tidemark.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PostgresServerIT {
  @TempDir Path dir;

  @Test
  void committedRowsSurviveAKillAndAnOrderlyRestart() throws Exception {
    try (PostgresServer server = PostgresServer.start(dir, 0)) {
      execute(server, "CREATE TABLE t (x int)");
      execute(server, "INSERT INTO t VALUES (1)");
      long killed = server.pid();

      server.kill();
      assertThat(server.isAlive()).isFalse();
      server.restart();

      assertThat(server.pid()).isNotEqualTo(killed);
      assertThat(query(server, "SELECT count(*) FROM t")).isEqualTo("1");

      server.restart();
      assertThat(query(server, "SELECT count(*) FROM t")).isEqualTo("1");
    }
  }

  @Test
  void startsAgainWhenOnlyTheMainProcessWasKilledUnderClients() throws Exception {
    try (PostgresServer server = PostgresServer.start(dir, 0);
        Connection client = DriverManager.getConnection(server.jdbcUrl())) {
      assertThat(client.isValid(1)).isTrue();

      ProcessHandle.of(server.pid()).orElseThrow().destroyForcibly();
      server.process().exit().join();
      server.restart();

      assertThat(query(server, "SELECT 1")).isEqualTo("1");
    }
  }

  @Test
  void serversOnCopiesOfOneTemplateBeginAlikeAndShareNothing() throws Exception {
    PostgresTemplate template =
        new PostgresTemplate(server -> execute(server, "CREATE TABLE t (x int)"));
    try (PostgresServer one = template.start(dir.resolve("one"));
        PostgresServer other = template.start(dir.resolve("other"))) {
      execute(one, "INSERT INTO t VALUES (1)");
      assertThat(query(one, "SELECT count(*) FROM t")).isEqualTo("1");
      assertThat(query(other, "SELECT count(*) FROM t")).isEqualTo("0");
    }
  }

  @Test
  void commitsAreDurableAndTheLogCanBeDecoded() throws Exception {
    try (PostgresServer server = PostgresServer.start(dir, 0)) {
      assertThat(query(server, "SHOW fsync")).isEqualTo("on");
      assertThat(query(server, "SHOW synchronous_commit")).isEqualTo("on");
      assertThat(query(server, "SHOW wal_level")).isEqualTo("logical");
      assertThat(query(server, "SHOW listen_addresses")).isEqualTo("127.0.0.1");
      assertThat(query(server, "SELECT current_database()")).isEqualTo("tidemark");
    }
  }

  @Test
  void closeLeavesNoProcessEvenWithAClientConnected() throws Exception {
    PostgresServer server = PostgresServer.start(dir, 0);
    try (Connection client = DriverManager.getConnection(server.jdbcUrl())) {
      assertThat(client.isValid(1)).isTrue();
      ProcessHandle process = ProcessHandle.of(server.pid()).orElseThrow();
      server.close();
      assertThat(process.isAlive()).isFalse();
    }
  }

  @Test
  void aPortInUseIsNamed() throws Exception {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      assertThatThrownBy(() -> PostgresServer.start(dir, other.getLocalPort()))
          .isInstanceOf(PortInUseException.class)
          .hasMessageStartingWith(
              "port %d is already in use by another program; PostgreSQL needs it"
                  .formatted(other.getLocalPort()));
    }
  }

  @Test
  void aDataFolderInUseIsNamedWithThePid() {
    try (PostgresServer server = PostgresServer.start(dir, 0)) {
      assertThatThrownBy(() -> PostgresServer.start(dir, 0))
          .isInstanceOf(ServerStartException.class)
          .hasMessageContaining("in use by another PostgreSQL, pid " + server.pid());
    }
  }

  @Test
  void aStalePidFileThatNamesAnotherProgramIsNoObstacle() throws Exception {
    try (PostgresServer server = PostgresServer.start(dir, 0)) {
      server.kill();
      Path pidFile = dir.resolve("data/postmaster.pid");
      String stale =
          Files.readString(pidFile)
              .replaceFirst("^\\d+", Long.toString(ProcessHandle.current().pid()));
      Files.writeString(pidFile, stale);

      server.restart();

      assertThat(query(server, "SELECT 1")).isEqualTo("1");
    }
  }

  @Test
  void aFailedStartShowsTheEndOfTheLog() throws Exception {
    try (PostgresServer server = PostgresServer.start(dir, 0)) {
      server.stop();
      Files.writeString(dir.resolve("data/postgresql.conf"), "no_such_setting = 1\n");

      assertThatThrownBy(server::restart)
          .isInstanceOf(ServerStartException.class)
          .hasMessageContaining("exit code")
          .hasMessageContaining("no_such_setting");
    }
  }

  @Test
  void standbyShowsThePrimarysRowsAndTakesWritesOncePromoted() throws Exception {
    try (PostgresServer primary = PostgresServer.start(dir.resolve("primary"), 0)) {
      execute(primary, "CREATE TABLE t (x int)");
      execute(primary, "INSERT INTO t VALUES (1)");
      try (PostgresServer standby =
          PostgresStandby.start(primary, dir.resolve("standby"), 0, Map.of())) {
        execute(primary, "INSERT INTO t VALUES (2)");
        awaitCount(standby, "2");
        assertThat(query(standby, "SELECT pg_is_in_recovery()")).isEqualTo("t");

        primary.kill();
        PostgresStandby.promote(standby);
        execute(standby, "INSERT INTO t VALUES (3)");
        standby.restart();

        assertThat(query(standby, "SELECT count(*) FROM t")).isEqualTo("3");
      }
    }
  }

  @Test
  void standbyCopiesAFailoverSlotOnceItMovesOn() throws Exception {
    try (PostgresServer primary = PostgresServer.start(dir.resolve("primary"), 0)) {
      execute(
          primary, "SELECT pg_create_logical_replication_slot('s', 'pgoutput', failover => true)");
      try (PostgresServer standby =
          PostgresStandby.start(
              primary, dir.resolve("standby"), 0, Map.of("sync_replication_slots", "on"))) {
        await()
            .atMost(Duration.ofSeconds(30))
            .untilAsserted(
                () -> {
                  // A reader does this. The standby has no log from before its backup.
                  execute(primary, "SELECT pg_log_standby_snapshot()");
                  execute(primary, "SELECT pg_replication_slot_advance('s', pg_current_wal_lsn())");
                  assertThat(
                          query(
                              standby,
                              "SELECT count(*) FROM pg_replication_slots WHERE synced AND NOT"
                                  + " temporary"))
                      .isEqualTo("1");
                });
      }
    }
  }

  private static void awaitCount(PostgresServer server, String count) {
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() -> assertThat(query(server, "SELECT count(*) FROM t")).isEqualTo(count));
  }

  static Iterable<UnprivilegedUser> waysOfRoot() {
    return UnprivilegedUser.waysOfRoot().subList(0, 2);
  }

  @ParameterizedTest
  @MethodSource("waysOfRoot")
  void rootMayKeepTheDataBelowAFolderThatOnlyRootMayEnter(UnprivilegedUser way) throws Exception {
    assumeTrue(System.getProperty("user.name").equals("root"), "only root has these ways");
    assumeTrue(way.works(), "not permitted here: " + way);
    Path closed =
        Files.createDirectory(
            dir.resolve("closed"),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));

    Path data = closed.resolve("postgres");
    try (PostgresServer server =
        PostgresServer.start(data, data.resolve("postgresql.log"), 0, way)) {
      execute(server, "CREATE TABLE t (x int)");
      server.kill();
      server.restart();
      assertThat(query(server, "SELECT count(*) FROM t")).isEqualTo("0");
    }
    // Another setting of the container or machine may permit another way the next time.
    try (PostgresServer server = PostgresServer.start(data, 0)) {
      assertThat(query(server, "SELECT count(*) FROM t")).isEqualTo("0");
    }
  }

  private static void execute(PostgresServer server, String sql) throws SQLException {
    try (Connection connection = DriverManager.getConnection(server.jdbcUrl());
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static String query(PostgresServer server, String sql) throws SQLException {
    try (Connection connection = DriverManager.getConnection(server.jdbcUrl());
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getString(1);
    }
  }
}
