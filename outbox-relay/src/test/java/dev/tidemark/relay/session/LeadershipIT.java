package dev.tidemark.relay.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.tidemark.db.Migration;
import dev.tidemark.embedded.CuttableRoute;
import dev.tidemark.embedded.PgBouncer;
import dev.tidemark.embedded.PostgresServer;
import dev.tidemark.relay.SharedServers;
import dev.tidemark.relay.settings.Configuration;
import dev.tidemark.relay.source.StreamFailed;
import dev.tidemark.service.settings.DatabaseUrl;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.postgresql.PGConnection;
import org.postgresql.PGProperty;
import org.postgresql.replication.PGReplicationStream;

/// Test of the part of H29 that belongs to PostgreSQL.
@ExtendWith(SharedServers.class)
class LeadershipIT {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final String SLOT = "tidemark_relay";

  private static PostgresServer postgres;
  private static Jdbi database;

  private final CuttableRoute route = CuttableRoute.to(postgres.port());
  private final Leadership first = leadership(route.through(postgres.url()));
  private final Leadership second = leadership(postgres.url());

  @BeforeAll
  static void prepare(PostgresServer server) throws SQLException {
    postgres = server;
    new Migration(DatabaseUrl.parse(postgres.url()), line -> {}).run();
    database = Jdbi.create(postgres.jdbcUrl());
  }

  @AfterEach
  void giveUp() {
    route.close();
    first.close();
    second.close();
  }

  @Test
  void leaderThatAnswersStaysTheLeader() {
    assertThat(first.tryAcquire()).isTrue();

    await()
        .atMost(SOON)
        .during(Leadership.EXPIRY.multipliedBy(3))
        .until(() -> !second.tryAcquire());
    first.requireHeld();
  }

  @Test
  void leadershipThatIsGivenUpIsFree() {
    var lost = new CountDownLatch(1);
    assertThat(first.tryAcquire()).isTrue();
    first.whenLost(lost::countDown);

    first.close();

    assertThat(second.tryAcquire()).isTrue();
    assertThat(lost.getCount()).as("given up, not lost").isEqualTo(1);
  }

  /// A leader that is stopped looks the same to the server.
  @Test
  void leadershipOfOneThatIsCutOffExpires() {
    assertThat(first.tryAcquire()).isTrue();

    route.cut();

    await().atMost(SOON).until(second::tryAcquire);
    assertThatThrownBy(first::requireHeld)
        .as("the first knows it, and has not heard it from anybody")
        .isInstanceOf(StreamFailed.class)
        .hasMessageContaining("no longer the active one");
    second.requireHeld();
  }

  @Test
  void leaderThatIsCutOffIsTold() throws InterruptedException {
    var lost = new CountDownLatch(1);
    assertThat(first.tryAcquire()).isTrue();
    first.whenLost(lost::countDown);

    route.cut();

    assertThat(lost.await(SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void leaderWhoseSessionEndsIsTold() throws InterruptedException {
    var lost = new CountDownLatch(1);
    assertThat(first.tryAcquire()).isTrue();
    first.whenLost(lost::countDown);

    database.useHandle(
        h ->
            h.execute(
                "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and"
                    + " granted"));

    assertThat(lost.await(SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThatThrownBy(first::requireHeld).isInstanceOf(StreamFailed.class);
  }

  /// A lock, or a setting, would stay in a session that others are given next.
  @Test
  void behindAPoolerNothingIsTaken_H59(@TempDir Path own) throws Exception {
    var started = PgBouncer.start(own, postgres, "tidemark_relay");
    Assumptions.assumeTrue(started.isPresent(), "this machine has no pgbouncer");
    try (var pooler = started.get()) {
      var url =
          "postgresql://tidemark_relay@127.0.0.1:%d/%s"
              .formatted(pooler.port(), DatabaseUrl.parse(postgres.url()).database());
      try (var behind = leadership(url)) {
        assertThatThrownBy(behind::tryAcquire)
            .isInstanceOf(StreamFailed.class)
            .hasMessageContaining("leads to a connection pooler that shares sessions")
            .hasMessageContaining("name PostgreSQL itself in DATABASE_URL");
      }
      try (var next = DatabaseUrl.parse(url).dataSource("it").getConnection();
          var shown = next.createStatement().executeQuery("show idle_session_timeout")) {
        shown.next();
        assertThat(shown.getString(1)).isEqualTo("0");
      }
      assertThat(first.tryAcquire()).isTrue();
    }
  }

  @Test
  void leaderFreesTheSlotFromAReaderThatAPredecessorLeft() throws SQLException {
    try (var connection = replication("tidemark_relay")) {
      var _ = read(connection);
      assertThat(first.tryAcquire()).isTrue();

      first.freeSlot();

      assertThat(slotReader()).isEmpty();
    }
  }

  /// The server's process then waits until its client takes what was sent.
  @Test
  void leaderFreesTheSlotFromAReaderThatIsStuck() throws SQLException {
    try (var connection = replication("tidemark_relay")) {
      var _ = read(connection);
      database.useHandle(
          h -> {
            h.execute(
                "insert into outbox (aggregatetype, aggregateid, version, type, payload) select"
                    + " 'product', 'p', n, 'product.updated', to_json(repeat('x', 10000)) from"
                    + " generate_series(1, 3000) n");
            await("the reader to be stuck")
                .atMost(SOON)
                .until(
                    () ->
                        h.createQuery(
                                    "select count(*) from pg_stat_activity where backend_type ="
                                        + " 'walsender' and wait_event = 'WalSenderWriteData'")
                                .mapTo(Integer.class)
                                .one()
                            == 1);
          });
      assertThat(first.tryAcquire()).isTrue();

      first.freeSlot();

      assertThat(slotReader()).isEmpty();
    }
  }

  /// The creation of a slot waits for the open transactions.
  @Test
  void whoMakesTheSlotIsNotInterrupted() throws Exception {
    var slot = "tidemark_being_made";
    var leadership = new Leadership(asRelay(postgres.url()), slot);
    try (leadership;
        var open = database.open();
        var making = asRelay(postgres.url()).getConnection()) {
      open.begin();
      open.execute("select pg_current_xact_id()");
      var made =
          CompletableFuture.supplyAsync(
              () ->
                  Jdbi.create(making)
                      .withHandle(
                          h ->
                              h.execute(
                                  "select pg_create_logical_replication_slot(?, 'pgoutput')",
                                  slot)));
      await("the slot to be in the making").atMost(SOON).until(() -> user(slot).isPresent());
      assertThat(leadership.tryAcquire()).isTrue();

      assertThatThrownBy(leadership::freeSlot)
          .isInstanceOf(StreamFailed.class)
          .hasMessageContaining("slot tidemark_being_made is still in use");

      open.commit();
      assertThat(made).succeedsWithin(SOON);
      leadership.freeSlot();
    } finally {
      database.useHandle(h -> h.execute("select pg_drop_replication_slot(?)", slot));
    }
  }

  @Test
  void readerOfAnotherRoleIsSaidInWords() throws SQLException {
    try (var connection = replication("postgres")) {
      var _ = read(connection);
      assertThat(first.tryAcquire()).isTrue();

      assertThatThrownBy(first::freeSlot)
          .isInstanceOf(StreamFailed.class)
          .hasMessageContaining("slot tidemark_relay is read by a program of another role")
          .hasMessageContaining("TIDEMARK_RELAY_SLOT");
      assertThat(slotReader()).isPresent();
    }
    await("the slot to be free").atMost(SOON).until(() -> slotReader().isEmpty());
  }

  private static Leadership leadership(String url) {
    return new Leadership(asRelay(url), SLOT);
  }

  private static DataSource asRelay(String url) {
    return DatabaseUrl.parse(url)
        .withUser("tidemark_relay", Optional.empty())
        .dataSource("leadership-it");
  }

  private static Connection replication(String user) throws SQLException {
    var properties = new Properties();
    PGProperty.USER.set(properties, user);
    PGProperty.REPLICATION.set(properties, "database");
    PGProperty.PREFER_QUERY_MODE.set(properties, "simple");
    PGProperty.ASSUME_MIN_SERVER_VERSION.set(properties, "14");
    return DriverManager.getConnection(
        "jdbc:postgresql://127.0.0.1:%d/tidemark".formatted(postgres.port()), properties);
  }

  /// Takes the slot, and then reads nothing.
  private static PGReplicationStream read(Connection connection) throws SQLException {
    return connection
        .unwrap(PGConnection.class)
        .getReplicationAPI()
        .replicationStream()
        .logical()
        .withSlotName(SLOT)
        .withSlotOption("proto_version", "1")
        .withSlotOption("publication_names", Configuration.PUBLICATION)
        .start();
  }

  private static Optional<Integer> slotReader() {
    return user(SLOT);
  }

  private static Optional<Integer> user(String slot) {
    return database.withHandle(
        h ->
            h.createQuery(
                    "select active_pid from pg_replication_slots where slot_name = :slot and"
                        + " active_pid is not null")
                .bind("slot", slot)
                .mapTo(Integer.class)
                .findOne());
  }
}
