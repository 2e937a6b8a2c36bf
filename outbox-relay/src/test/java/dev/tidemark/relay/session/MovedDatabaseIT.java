package dev.tidemark.relay.session;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.db.Migration;
import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.embedded.PostgresServer;
import dev.tidemark.event.EventHeaders;
import dev.tidemark.relay.SharedServers;
import dev.tidemark.relay.status.RelayStatus.Failed;
import dev.tidemark.relay.status.RelayStatus.Streaming;
import dev.tidemark.service.settings.DatabaseUrl;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.LongStream;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.postgresql.PGConnection;

/// H58: a database moves to another server, or its relay to another slot, with rows that no relay
/// has published. A dump and restore, a logical copy, and an upgrade that drops slots look the same
/// to the relay: a server with another system identifier, with rows that no slot of it has seen.
@ExtendWith(SharedServers.class)
class MovedDatabaseIT {
  private static final Duration SOON = Duration.ofSeconds(60);

  @TempDir static Path folder;
  private static PostgresServer after;

  private final String product = "p-" + UUID.randomUUID();
  private KafkaServer kafka;
  private PostgresServer before;

  @BeforeAll
  static void startTheServerToMoveTo() {
    after = PostgresServer.startWithoutFsync(folder, 0);
  }

  @AfterAll
  static void stopTheServerToMoveTo() {
    after.close();
  }

  /// Two versions are published, and two more are written that are not.
  @BeforeEach
  void stopTheRelayBeforeItHasPublishedAll(PostgresServer server, KafkaServer broker)
      throws SQLException {
    SharedServers.empty(after);
    before = server;
    kafka = broker;
    migrate(before);
    try (var relay = RunningRelay.start(environment(before))) {
      awaitStreaming(relay);
      write(before, 1, 2);
      awaitVersions(1, 2);
    }
    write(before, 3, 4);
  }

  @Test
  void whatWasNotPublishedBeforeADumpIsPublishedAfterItsRestore_H58() throws Exception {
    restore();
    dropSlot(after);

    try (var relay = RunningRelay.start(environment(after))) {
      await()
          .atMost(SOON)
          .until(
              () ->
                  relay.status().phase() instanceof Failed(String reason)
                      && reason.contains("tidemark migrate"));
      migrate(after);

      // There is no further version, which would show the gap.
      awaitVersions(1, 4);
      assertThat(relay.status().lastRepair())
          .hasValueSatisfying(
              repair -> assertThat(repair.reason()).contains("no relay has left its progress"));
    }
  }

  /// The slot brings the copied rows as if they were new.
  @Test
  void rowsThatCameAfterTheSlotWasMadeAreNotPublishedAgain_H58() throws Exception {
    restore();

    try (var relay = RunningRelay.start(environment(after))) {
      awaitStreaming(relay);
      write(after, 5, 6);

      awaitVersions(1, 6);
    }
  }

  @Test
  void whatWasWrittenBeforeASlotOfAnotherNameWasMadeIsPublished_H58() {
    write(before, 5, 5);
    var other = "other_" + UUID.randomUUID().toString().replace('-', '_');
    execute(before, "select pg_create_logical_replication_slot('%s', 'pgoutput')".formatted(other));

    try (var _ = RunningRelay.start(environment(before, "TIDEMARK_RELAY_SLOT", other))) {
      // There is no further version, which would show the gap.
      awaitVersions(1, 5);
    }
  }

  @Test
  void comparisonThatDiesBeginsAgainAndRepeatsNothing_H58() throws Exception {
    write(before, 5, 3_000);
    restore();

    try (var relay = RunningRelay.start(environment(after), 2)) {
      await().atMost(SOON).until(() -> relay.deaths() >= 2);

      awaitVersions(1, 3_000);
    }
  }

  @Test
  void newDatabaseWithoutRowsIsNotCompared_H58() throws Exception {
    migrate(after);

    try (var relay = RunningRelay.start(environment(after))) {
      awaitStreaming(relay);

      assertThat(relay.status().lastRepair()).isEmpty();
    }
  }

  /// Restores like `pg_restore`: all rows, by COPY and without triggers, and no progress of a
  /// relay. The slot is older than the rows.
  private void restore() throws Exception {
    migrate(after);
    for (var table : List.of("product", "outbox")) {
      var rows = new ByteArrayOutputStream();
      try (var from = Jdbi.create(before.jdbcUrl()).open();
          var to = Jdbi.create(after.jdbcUrl()).open()) {
        from.getConnection()
            .unwrap(PGConnection.class)
            .getCopyAPI()
            .copyOut("copy (select * from %s) to stdout".formatted(table), rows);
        to.execute("set session_replication_role = replica");
        to.getConnection()
            .unwrap(PGConnection.class)
            .getCopyAPI()
            .copyIn(
                "copy %s from stdin".formatted(table),
                new ByteArrayInputStream(rows.toByteArray()));
      }
    }
  }

  private static void migrate(PostgresServer server) throws SQLException {
    new Migration(DatabaseUrl.parse(server.url()), line -> {}).run();
  }

  private static void dropSlot(PostgresServer server) {
    dropSlot(server, Migration.SLOT);
  }

  private static void dropSlot(PostgresServer server, String slot) {
    await()
        .atMost(SOON)
        .ignoreExceptions()
        .until(
            () -> {
              execute(server, "select pg_drop_replication_slot('%s')".formatted(slot));
              return true;
            });
  }

  /// Writes each row in a transaction of its own.
  private void write(PostgresServer server, int first, int last) {
    Jdbi.create(server.jdbcUrl())
        .useHandle(
            h ->
                LongStream.rangeClosed(first, last)
                    .forEach(
                        version ->
                            h.execute(
                                """
                                insert into product (id, name, price, currency) values (?, ?, 1, 'EUR')
                                    on conflict (id) do update set name = excluded.name
                                """,
                                product,
                                "Kettle " + version)));
  }

  private static void execute(PostgresServer server, String statement) {
    Jdbi.create(server.jdbcUrl()).useHandle(h -> h.execute(statement));
  }

  private static void awaitStreaming(RunningRelay relay) {
    await().atMost(SOON).until(() -> relay.status().phase() instanceof Streaming);
  }

  private void awaitVersions(long first, long last) {
    await().atMost(SOON).until(() -> versions().contains(last));
    assertThat(versions())
        .containsExactlyElementsOf(LongStream.rangeClosed(first, last).boxed().toList());
  }

  private List<Long> versions() {
    return Topic.committed(kafka, "product.events").stream()
        .filter(r -> r.key() != null && new String(r.key(), UTF_8).equals(product))
        .map(e -> e.headers().lastHeader(EventHeaders.AGGREGATE_VERSION).value())
        .map(version -> Long.valueOf(new String(version, UTF_8)))
        .toList();
  }

  private Map<String, String> environment(PostgresServer server, String... more) {
    var environment =
        new HashMap<>(
            Map.of(
                "DATABASE_URL", server.url(),
                "KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrapServers()));
    for (int i = 0; i < more.length; i += 2) {
      environment.put(more[i], more[i + 1]);
    }
    return environment;
  }
}
