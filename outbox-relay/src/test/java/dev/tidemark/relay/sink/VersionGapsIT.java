package dev.tidemark.relay.sink;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.db.Migration;
import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.embedded.PostgresServer;
import dev.tidemark.event.EventHeaders;
import dev.tidemark.event.OutboxEvent;
import dev.tidemark.relay.SharedServers;
import dev.tidemark.relay.session.RunningRelay;
import dev.tidemark.relay.session.Topic;
import dev.tidemark.relay.source.Change;
import dev.tidemark.relay.source.Change.Event;
import dev.tidemark.relay.source.ChangeSource;
import dev.tidemark.relay.status.RelayStatus.Failed;
import dev.tidemark.service.settings.DatabaseUrl;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.LongPredicate;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Test of a connector that loses rows: the relay does not trust it.
@ExtendWith(SharedServers.class)
class VersionGapsIT {
  private static final Duration SOON = Duration.ofSeconds(30);

  private static PostgresServer postgres;
  private static KafkaServer kafka;
  private static Jdbi database;

  private final String aggregate = "a-" + UUID.randomUUID();

  @BeforeAll
  static void prepare(PostgresServer server, KafkaServer broker) throws SQLException {
    postgres = server;
    kafka = broker;
    new Migration(DatabaseUrl.parse(postgres.url()), line -> {}).run();
    database = Jdbi.create(postgres.jdbcUrl());
  }

  @Test
  void rowsThatTheConnectorLosesArePublishedFromTheOutboxInTheirPlace() {
    try (var _ = RunningRelay.start(environment(), losing(v -> v == 3 || v == 7 || v == 8))) {
      write(1, 10);

      awaitVersions(1, 10);
    }
  }

  @Test
  void rowLostWhileTheRelayRestartedIsPublished() {
    try (var _ = RunningRelay.start(environment())) {
      write(1, 4);
      awaitVersions(1, 4);
    }
    write(5, 6);
    try (var _ = RunningRelay.start(environment(), losing(v -> v == 5))) {
      awaitVersions(1, 6);
    }
  }

  @Test
  void manyLostRowsAreRepairedByWayOfTheSlot() {
    try (var _ = RunningRelay.start(environment(), losing(v -> v > 1 && v <= 2_000))) {
      write(1, 2_010);

      awaitVersions(1, 2_010);
    }
  }

  @Test
  void rowThatIsNowhereIsReportedAndTheStreamGoesOn() {
    try (var _ = RunningRelay.start(environment())) {
      write(1, 2);
      write(4, 5);

      await().atMost(SOON).until(() -> versions().equals(List.of(1L, 2L, 4L, 5L)));
    }
  }

  @Test
  void deadLetterIsNoGap() {
    try (var _ = RunningRelay.start(environment())) {
      write(1, 1);
      database.useHandle(
          h ->
              h.execute(
                  "insert into outbox (aggregatetype, aggregateid, version, type, payload) values"
                      + " ('product', ?, 2, 'wrong', '{}')",
                  aggregate));
      write(3, 3);
      await().atMost(SOON).until(() -> versions().equals(List.of(1L, 3L)));
    }
    assertThat(deadLetters()).isEqualTo(1);
  }

  /// The relay that starts reads what is published from the topics of events, which do not contain
  /// it.
  @Test
  void deadLetterIsNoGapForARelayThatStartsEither_H48() {
    try (var _ = RunningRelay.start(environment())) {
      write(1, 1);
      database.useHandle(
          h ->
              h.execute(
                  "insert into outbox (aggregatetype, aggregateid, version, type, payload) values"
                      + " ('product', ?, 2, 'wrong', '{}')",
                  aggregate));
      await().atMost(SOON).until(() -> deadLetters() == 1);
    }
    try (var _ = RunningRelay.start(environment())) {
      write(3, 3);
      await().atMost(SOON).until(() -> versions().equals(List.of(1L, 3L)));
    }
    assertThat(deadLetters()).isEqualTo(1);
  }

  /// A key that moved has its newest events in another partition, before so many others that a
  /// relay that starts does not read them; it does read the older ones.
  @Test
  void keyThatMovedToAnAddedPartitionIsInOrderInEachAndNothingComesTwice_H48() throws Exception {
    var topic = "grown-" + UUID.randomUUID();
    var environment = new HashMap<>(environment());
    environment.put("KAFKA_PRODUCT_TOPIC", topic);
    environment.put("TIDEMARK_RELAY_TOPIC_PARTITIONS", "1");
    var id = idsOfTheSecondPartition().findFirst().orElseThrow();
    try (var _ = RunningRelay.start(environment)) {
      write(id, 1, 3);
      await().atMost(SOON).until(() -> Topic.committed(kafka, topic).size() == 3);
    }
    try (var admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()))) {
      admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(2))).all().get();
    }
    try (var _ = RunningRelay.start(environment)) {
      write(id, 4, 6);
      database.useTransaction(
          h -> idsOfTheSecondPartition().limit(1_500).forEach(other -> insert(h, other, 1)));
      await().atMost(SOON).until(() -> Topic.committed(kafka, topic).size() == 1_506);
    }
    try (var _ = RunningRelay.start(environment)) {
      write(id, 7, 7);
      await().atMost(SOON).until(() -> Topic.committed(kafka, topic).size() >= 1_507);
    }

    assertThat(versions(topic, id, 0)).containsExactly(1L, 2L, 3L);
    assertThat(versions(topic, id, 1)).containsExactly(4L, 5L, 6L, 7L);
  }

  private static Stream<String> idsOfTheSecondPartition() {
    return Stream.generate(() -> "k-" + UUID.randomUUID())
        .filter(id -> BuiltInPartitioner.partitionForKey(id.getBytes(UTF_8), 2) == 1);
  }

  /// Otherwise the gaps below it would no longer be seen.
  @Test
  void deadLetterForItsVersionIsNotTakenForTheNewest() {
    try (var _ = RunningRelay.start(environment(), losing(v -> v == 3))) {
      write(1, 2);
      write(OutboxEvent.MAX_VERSION + 1, OutboxEvent.MAX_VERSION + 1);
      write(3, 4);

      awaitVersions(1, 4);
    }
  }

  /// The batch stays unconfirmed; otherwise the row would be lost.
  @Test
  void whileTheOutboxCannotBeReadNothingIsConfirmed() {
    database.useHandle(h -> h.execute("revoke select on outbox from tidemark_relay"));
    try (var relay = RunningRelay.start(environment(), losing(v -> v == 2))) {
      write(1, 3);
      await()
          .atMost(SOON)
          .until(
              () ->
                  relay.status().phase() instanceof Failed(String reason)
                      && reason.contains("permission denied for table outbox"));
      assertThat(versions()).isSubsetOf(1L);
      database.useHandle(h -> h.execute("grant select on outbox to tidemark_relay"));
      awaitVersions(1, 3);
    } finally {
      database.useHandle(h -> h.execute("grant select on outbox to tidemark_relay"));
    }
  }

  /// Returns a source that loses those versions of this test's aggregate.
  private UnaryOperator<ChangeSource> losing(LongPredicate versions) {
    return real ->
        new ChangeSource() {
          @Override
          public void run(Receiver receiver) {
            real.run(
                batch ->
                    receiver.receive(
                        new Batch(
                            batch.changes().stream().filter(change -> !isLost(change)).toList(),
                            batch.heartbeats(),
                            batch.end())));
          }

          private boolean isLost(Change change) {
            return change.content() instanceof Event(var event)
                && event.aggregateId().equals(aggregate)
                && versions.test(event.version());
          }

          @Override
          public void close() {
            real.close();
          }
        };
  }

  private void write(long first, long last) {
    write(aggregate, first, last);
  }

  private static void write(String id, long first, long last) {
    database.useHandle(
        h -> LongStream.rangeClosed(first, last).forEach(version -> insert(h, id, version)));
  }

  private static void insert(Handle handle, String id, long version) {
    handle.execute(
        "insert into outbox (aggregatetype, aggregateid, version, type, payload) values ('product',"
            + " ?, ?, 'product.updated', '{}')",
        id,
        version);
  }

  private long deadLetters() {
    return Topic.committed(kafka, "product.events.dlt").stream()
        .filter(letter -> new String(letter.key(), UTF_8).equals(aggregate))
        .count();
  }

  private void awaitVersions(long first, long last) {
    await().atMost(SOON).until(() -> versions().contains(last));
    assertThat(versions())
        .containsExactlyElementsOf(LongStream.rangeClosed(first, last).boxed().toList());
  }

  private List<Long> versions() {
    return versions(
        Topic.committed(kafka, "product.events").stream()
            .filter(event -> new String(event.key(), UTF_8).equals(aggregate)));
  }

  private static List<Long> versions(String topic, String id, int partition) {
    return versions(
        Topic.committed(kafka, topic).stream()
            .filter(event -> event.partition() == partition)
            .filter(event -> new String(event.key(), UTF_8).equals(id)));
  }

  private static List<Long> versions(Stream<ConsumerRecord<byte[], byte[]>> events) {
    return events
        .map(event -> event.headers().lastHeader(EventHeaders.AGGREGATE_VERSION).value())
        .map(version -> Long.valueOf(new String(version, UTF_8)))
        .toList();
  }

  private static Map<String, String> environment() {
    return Map.of(
        "DATABASE_URL",
        postgres.url(),
        "DATABASE_USER",
        "tidemark_relay",
        "KAFKA_BOOTSTRAP_SERVERS",
        kafka.bootstrapServers());
  }
}
