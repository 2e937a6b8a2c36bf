package dev.tidemark.relay.session;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.db.Migration;
import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.embedded.PostgresServer;
import dev.tidemark.event.EventHeaders;
import dev.tidemark.relay.SharedServers;
import dev.tidemark.relay.settings.Configuration;
import dev.tidemark.relay.sink.KafkaPositions;
import dev.tidemark.relay.source.ChangeSource;
import dev.tidemark.relay.status.RelayStatus.Failed;
import dev.tidemark.relay.status.RelayStatus.Repairing;
import dev.tidemark.relay.status.RelayStatus.Streaming;
import dev.tidemark.service.settings.DatabaseUrl;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// H28: the slot is lost, in every possible way, while rows are written that no slot will bring.
@ExtendWith(SharedServers.class)
class LostSlotIT {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final String SLOT = "tidemark_relay";

  private static PostgresServer postgres;
  private static KafkaServer kafka;
  private static Jdbi database;

  private final String aggregate = "a-" + UUID.randomUUID();

  @BeforeAll
  static void prepare(PostgresServer server, KafkaServer broker) {
    postgres = server;
    kafka = broker;
    database = Jdbi.create(postgres.jdbcUrl());
  }

  /// Each test loses the slot of an earlier relay.
  @BeforeEach
  void publishTwoVersions() throws SQLException {
    migrate();
    try (var _ = RunningRelay.start(environment())) {
      write(1, 2);
      awaitVersions(1, 2);
    }
  }

  @Test
  void droppedSlotIsMadeAnewAndNothingIsMissingOrTwice() {
    dropSlot();
    write(3, 50);

    try (var relay = RunningRelay.start(environment())) {
      awaitStreaming(relay);
      write(51, 60);

      awaitVersions(1, 60);
    }
  }

  @Test
  void slotThatTheServerInvalidatedIsMadeAnew() {
    write(3, 4);
    invalidateSlot();
    write(5, 6);

    try (var relay = RunningRelay.start(environment())) {
      awaitStreaming(relay);
      write(7, 8);

      awaitVersions(1, 8);
      assertThat(walStatus()).isEqualTo("reserved");
    }
  }

  /// The records of a relay can be lost as well. Then only the note that the repair writes before
  /// it begins tells the next session that the new slot is not enough.
  @Test
  void repairThatDiesBeginsAgainAlsoWithoutAnythingToKnow() throws Exception {
    invalidateSlot();
    write(3, 3_000);
    try (var admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()))) {
      admin.deleteTopics(List.of(KafkaPositions.TOPIC)).all().get();
    }

    try (var relay = RunningRelay.start(environment(), 2)) {
      await().atMost(SOON).until(() -> relay.deaths() >= 2);
      awaitVersions(1, 3_000);
    }
  }

  /// An operator creates the slot again, and it looks correct.
  @Test
  void slotThatSomebodyMadeAnewIsNotTrusted() throws SQLException {
    dropSlot();
    write(3, 5);
    migrate();
    writeAnother();

    try (var _ = RunningRelay.start(environment())) {
      awaitVersions(1, 5);
    }
  }

  @Test
  void slotThatSomebodyMovedOnIsNotTrusted() {
    write(3, 5);
    execute("select pg_replication_slot_advance('%s', pg_current_wal_lsn())".formatted(SLOT));
    writeAnother();

    try (var _ = RunningRelay.start(environment())) {
      awaitVersions(1, 5);
    }
  }

  /// Debezium creates a slot that is absent, which begins too late.
  @Test
  void slotThatTheConnectorMadeAnewIsNotTrusted() {
    var isDropped = new AtomicBoolean();
    UnaryOperator<ChangeSource> late =
        real ->
            new ChangeSource() {
              @Override
              public void run(Receiver receiver) {
                if (!isDropped.getAndSet(true)) {
                  dropSlot();
                  write(3, 5);
                }
                real.run(receiver);
              }

              @Override
              public void close() {
                real.close();
              }
            };

    try (var _ = RunningRelay.start(environment(), late)) {
      awaitVersions(1, 5);
    }
  }

  @Test
  void atLeastOnceRepairsAsWell() {
    dropSlot();
    write(3, 50);

    try (var relay = RunningRelay.start(environment("RELAY_DELIVERY", "at-least-once"))) {
      awaitStreaming(relay);

      awaitVersions(1, 50);
    }
  }

  @Test
  void repairThatDiesBeginsAgainAndRepeatsNothing() {
    dropSlot();
    write(3, 5_000);

    try (var relay = RunningRelay.start(environment(), 3)) {
      await().atMost(SOON).until(() -> relay.deaths() >= 3);
      awaitVersions(1, 5_000);
      write(5_001, 5_010);
      awaitVersions(1, 5_010);
    }
  }

  /// The beginning of the new slot and the rows that are read from the table fit together to the
  /// transaction.
  @Test
  void writersThatGoOnMeanwhileLoseAndRepeatNothing() throws Exception {
    dropSlot();
    var stop = new AtomicBoolean();
    var last = new AtomicInteger(2);
    try (var writers = Executors.newVirtualThreadPerTaskExecutor()) {
      var writing =
          writers.submit(
              () -> {
                while (!stop.get()) {
                  write(last.get() + 1, last.get() + 1);
                  last.incrementAndGet();
                }
                return null;
              });
      for (int round = 0; round < 3; round++) {
        try (var relay = RunningRelay.start(environment())) {
          awaitStreaming(relay);
        }
        dropSlot();
      }
      try (var relay = RunningRelay.start(environment())) {
        awaitStreaming(relay);
        stop.set(true);
        writing.get();
        awaitVersions(1, last.get());
      }
    }
  }

  @Test
  void transactionThatWasOpenWhenTheSlotWasMadeIsPublishedOnce() {
    dropSlot();
    try (var open = database.open()) {
      open.begin();
      insert(open, aggregate, 3);
      try (var relay = RunningRelay.start(environment())) {
        await().atMost(SOON).until(() -> relay.status().phase() instanceof Repairing);
        assertThat(relay.status().phase().toString()).contains("transactions that are open");
        open.commit();
        awaitStreaming(relay);
        write(4, 4);

        awaitVersions(1, 4);
      }
    }
  }

  @Test
  void relayThatWaitsForAnOpenTransactionCanBeStopped() {
    dropSlot();
    try (var open = database.open()) {
      open.begin();
      insert(open, aggregate, 3);
      try (var relay = RunningRelay.start(environment())) {
        await().atMost(SOON).until(() -> relay.status().phase() instanceof Repairing);
      }
      open.rollback();
    }
    try (var _ = RunningRelay.start(environment())) {
      write(3, 3);
      awaitVersions(1, 3);
    }
  }

  @Test
  void otherTypesAndDeadLettersAreRepaired() {
    dropSlot();
    execute(
        "insert into outbox (aggregatetype, aggregateid, version, type, payload) values ('order', '%s', 1, 'order.placed', '{}'), ('product', '%s', 0, 'product.updated', '{}')"
            .formatted(aggregate, aggregate));

    try (var relay = RunningRelay.start(environment())) {
      awaitStreaming(relay);
      assertThat(ours("order.events")).hasSize(1);
      assertThat(ours("product.events.dlt")).hasSize(1);
    }
    dropSlot();
    try (var relay = RunningRelay.start(environment())) {
      awaitStreaming(relay);
      assertThat(versions()).containsExactly(1L, 2L);
      assertThat(ours("order.events")).as("another repair").hasSize(1);
      assertThat(ours("product.events.dlt")).as("another repair").hasSize(1);
    }
  }

  /// Compaction removes old versions from the topic, and they must not come back as the newest
  /// record.
  @Test
  void oldVersionThatIsNotNewerThanTheTopicIsTakenForCompacted() {
    write(3, 3);
    dropSlot();
    execute(
        "insert into outbox (aggregatetype, aggregateid, version, type, payload, occurred_at) values ('product', '%s', 1, 'product.updated', '{}', now() - interval '9 days')"
            .formatted(aggregate));

    try (var relay = RunningRelay.start(environment())) {
      awaitStreaming(relay);
      awaitVersions(1, 3);
    } finally {
      execute("delete from outbox where occurred_at < now() - interval '8 days'");
    }
  }

  @Test
  void holeInTheTopicIsFilledAndTheNewestVersionIsItsLastRecord() {
    execute("delete from outbox where aggregateid = '%s'".formatted(aggregate));
    dropSlot();
    write(1, 2);

    try (var relay = RunningRelay.start(environment())) {
      awaitStreaming(relay);
      assertThat(versions()).as("others ids, so not known").containsExactly(1L, 2L, 1L, 2L);
    }
  }

  @Test
  void failedRepairSaysWhatToDo() {
    dropSlot();
    execute("revoke temporary on database tidemark from public");
    try (var relay = RunningRelay.start(environment("DATABASE_USER", "tidemark_relay"))) {
      await()
          .atMost(SOON)
          .until(
              () ->
                  relay.status().phase() instanceof Failed(String reason)
                      && reason.contains("temporary"));
      execute("grant temporary on database tidemark to public");
      awaitStreaming(relay);
    } finally {
      execute("grant temporary on database tidemark to public");
    }
  }

  @Test
  void rowsWrittenWhileThePublicationLackedTheOutboxCome() {
    try (var relay = RunningRelay.start(environment())) {
      awaitStreaming(relay);
      execute("alter publication tidemark_outbox set table product");
      write(3, 5);
      await().atMost(SOON).until(() -> relay.status().phase() instanceof Failed);
      execute("alter publication tidemark_outbox set table outbox");
      awaitStreaming(relay);
      writeAnother();

      awaitVersions(1, 5);
    }
  }

  /// All tests above rely on this. Transactions of several shapes interleave, with heartbeats in
  /// between.
  @Test
  void slotIsNeverConfirmedBeyondWhatIsWrittenDownBefore() {
    var source = DatabaseUrl.parse(postgres.url()).dataSource("lost-slot-it");
    var name = Configuration.from(environment()).slot();
    var first = PostgresSlot.state(source, name);
    try (var relay = RunningRelay.start(environment());
        var open = database.open()) {
      awaitStreaming(relay);
      int version = 2;
      for (int round = 0; round < 25; round++) {
        open.begin();
        insert(open, "open-" + aggregate, round + 1);
        write(version + 1, version + 3);
        version += 3;
        insert(open, "open-" + aggregate + round, 1);
        execute("select pg_logical_emit_message(false, 'filler', repeat('x', 100))");
        open.commit();

        var slot = PostgresSlot.state(source, name);
        var reach = new KafkaPositions(Configuration.from(environment()), slot).read().reach();
        assertThat(slot.confirmed()).isLessThanOrEqualTo(reach.orElseThrow().lsn());
      }
      awaitVersions(1, version);
    }
    assertThat(PostgresSlot.state(source, name).confirmed())
        .as("it was confirmed")
        .isGreaterThan(first.confirmed());
  }

  private static void invalidateSlot() {
    execute("alter system set max_slot_wal_keep_size = '1MB'");
    execute("select pg_reload_conf()");
    try {
      await()
          .atMost(SOON)
          .until(
              () -> {
                execute("select pg_logical_emit_message(false, 'filler', repeat('x', 20000000))");
                execute("select pg_switch_wal()");
                execute("checkpoint");
                return walStatus().equals("lost");
              });
    } finally {
      execute("alter system reset max_slot_wal_keep_size");
      execute("select pg_reload_conf()");
    }
  }

  private static void migrate() throws SQLException {
    new Migration(DatabaseUrl.parse(postgres.url()), line -> {}).run();
  }

  private static void dropSlot() {
    await()
        .atMost(SOON)
        .ignoreExceptions()
        .until(
            () -> {
              execute("select pg_drop_replication_slot('%s')".formatted(SLOT));
              return true;
            });
  }

  private static String walStatus() {
    return database.withHandle(
        h ->
            h.createQuery("select wal_status from pg_replication_slots where slot_name = :slot")
                .bind("slot", SLOT)
                .mapTo(String.class)
                .one());
  }

  /// Writes each row in a transaction of its own.
  private void write(int first, int last) {
    database.useHandle(
        h -> LongStream.rangeClosed(first, last).forEach(version -> insert(h, aggregate, version)));
  }

  /// Writes a row of an aggregate that shows no gap: the next version of one that has lost some
  /// would.
  private void writeAnother() {
    database.useHandle(h -> insert(h, "another than " + aggregate, 1));
  }

  private static void insert(Handle handle, String aggregate, long version) {
    handle.execute(
        "insert into outbox (aggregatetype, aggregateid, version, type, payload) values ('product',"
            + " ?, ?, 'product.updated', '{}')",
        aggregate,
        version);
  }

  private static void execute(String statement) {
    database.useHandle(h -> h.execute(statement));
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
    return ours("product.events").stream()
        .map(e -> e.headers().lastHeader(EventHeaders.AGGREGATE_VERSION).value())
        .map(version -> Long.valueOf(new String(version, UTF_8)))
        .toList();
  }

  private List<ConsumerRecord<byte[], byte[]>> ours(String topic) {
    return Topic.committed(kafka, topic).stream()
        .filter(r -> r.key() != null && new String(r.key(), UTF_8).equals(aggregate))
        .toList();
  }

  private static Map<String, String> environment(String... more) {
    var environment =
        new HashMap<>(
            Map.of(
                "DATABASE_URL", postgres.url(),
                "KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrapServers()));
    for (int i = 0; i < more.length; i += 2) {
      environment.put(more[i], more[i + 1]);
    }
    return environment;
  }
}
