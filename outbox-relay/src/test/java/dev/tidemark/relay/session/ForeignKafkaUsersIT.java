package dev.tidemark.relay.session;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.db.Migration;
import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.embedded.PostgresServer;
import dev.tidemark.relay.SharedServers;
import dev.tidemark.relay.sink.KafkaPositions;
import dev.tidemark.relay.status.Finding;
import dev.tidemark.relay.status.RelayStatus.Starting;
import dev.tidemark.relay.status.RelayStatus.Streaming;
import dev.tidemark.relay.status.TopicFollower;
import dev.tidemark.relay.status.TopicFollower.Followed;
import dev.tidemark.service.settings.DatabaseUrl;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Other users of the same Kafka: producers that leave transactions open, and invalidators that
/// follow some topics and not others.
@ExtendWith(SharedServers.class)
class ForeignKafkaUsersIT {
  /// Time limit below the time for which a relay would wait for an open transaction.
  private static final Duration SOON = Duration.ofSeconds(60);

  private static final Duration SOME_CHECKS = Duration.ofMinutes(3);

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
  void relayThatStartsDoesNotWaitForTheTransactionsOfOthers() {
    try (var relay = RunningRelay.start(environment())) {
      write(1);
      awaitPublished(relay);
    }
    try (var foreign = transactionalProducer()) {
      foreign.beginTransaction();
      for (int partition = 0; partition < 6; partition++) {
        send(foreign, "product.events", partition);
      }
      write(2);

      try (var relay = RunningRelay.start(environment())) {
        await().atMost(SOON).until(() -> relay.status().phase() instanceof Streaming);
        awaitPublished(relay);
      } finally {
        foreign.abortTransaction();
      }
    }
    assertThat(versions()).containsExactly("1", "2");
  }

  @Test
  void whatIsWaitedForIsSaidAndWhoseItIs() {
    try (var relay = RunningRelay.start(environment())) {
      await().atMost(SOON).until(() -> relay.status().phase() instanceof Streaming);
    }
    try (var foreign = transactionalProducer()) {
      foreign.beginTransaction();
      send(foreign, KafkaPositions.TOPIC, 0);

      try (var relay = RunningRelay.start(environment())) {
        await()
            .atMost(SOON)
            .untilAsserted(
                () ->
                    assertThat(relay.status().phase())
                        .isInstanceOfSatisfying(
                            Starting.class,
                            starting ->
                                assertThat(starting.doing())
                                    .contains(
                                        "waits for the end of a transaction",
                                        KafkaPositions.TOPIC,
                                        "transactional id foreign-" + aggregate,
                                        "since 2",
                                        "time-out 600 s",
                                        "kafka-transactions.sh abort")));
        foreign.abortTransaction();
        await().atMost(SOON).until(() -> relay.status().phase() instanceof Streaming);
      }
    }
  }

  @Test
  void topicThatNobodyFollowsIsFound() {
    try (var invalidator =
            new KafkaConsumer<>(
                Map.<String, Object>of(
                    "bootstrap.servers", kafka.bootstrapServers(), "group.id", aggregate),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
        var relay =
            RunningRelay.start(
                environment(
                    "KAFKA_PRODUCT_TOPIC",
                    "product.events,order.events",
                    "KAFKA_GROUP_ID",
                    aggregate))) {
      invalidator.subscribe(List.of("product.events"));
      await()
          .atMost(SOME_CHECKS)
          .untilAsserted(
              () -> {
                invalidator.poll(Duration.ofMillis(100));
                assertThat(relay.status().followers())
                    .containsExactly(
                        new TopicFollower("order.events", Followed.NO),
                        new TopicFollower("product.events", Followed.YES));
                assertThat(relay.status().findings().all())
                    .extracting(Finding::what)
                    .contains(
                        "topic order.events: published, and no invalidator follows (group %s)"
                            .formatted(aggregate));
              });
      assertThat(relay.status().findings().errors()).isEmpty();
    }
  }

  private static void awaitPublished(RunningRelay relay) {
    await()
        .atMost(SOON)
        .until(
            () ->
                relay.status().phase() instanceof Streaming && relay.status().lag().lag().isZero());
  }

  private KafkaProducer<byte[], byte[]> transactionalProducer() {
    var producer =
        new KafkaProducer<>(
            Map.<String, Object>of(
                "bootstrap.servers",
                kafka.bootstrapServers(),
                "transactional.id",
                "foreign-" + aggregate,
                "transaction.timeout.ms",
                600_000),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    producer.initTransactions();
    return producer;
  }

  private static void send(KafkaProducer<byte[], byte[]> producer, String topic, int partition) {
    var _ = producer.send(new ProducerRecord<>(topic, partition, new byte[] {1}, new byte[] {1}));
    producer.flush();
  }

  private void write(int version) {
    database.useHandle(
        h ->
            h.execute(
                "insert into outbox (aggregatetype, aggregateid, version, type, payload) values"
                    + " ('product', ?, ?, 'product.updated', '{}')",
                aggregate,
                version));
  }

  private List<String> versions() {
    return Topic.committed(kafka, "product.events").stream()
        .filter(event -> new String(event.key(), UTF_8).equals(aggregate))
        .map(event -> event.headers().lastHeader("ce_aggregateversion").value())
        .map(version -> new String(version, UTF_8))
        .toList();
  }

  private static Map<String, String> environment(String... more) {
    var environment =
        new HashMap<>(
            Map.of(
                "DATABASE_URL",
                postgres.url(),
                "KAFKA_BOOTSTRAP_SERVERS",
                kafka.bootstrapServers()));
    for (int i = 0; i < more.length; i += 2) {
      environment.put(more[i], more[i + 1]);
    }
    return environment;
  }
}
