package dev.tidemark.relay;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.tidemark.db.DatabaseUrl;
import dev.tidemark.db.Migration;
import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.embedded.PostgresServer;
import dev.tidemark.relay.RelayStatus.Failed;
import dev.tidemark.relay.RelayStatus.Streaming;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/// No single row, record or message stops the stream (H46).
class StubbornRowsIT {
  private static final Duration SOON = Duration.ofSeconds(60);

  @TempDir static Path folder;
  private static PostgresServer postgres;
  private static KafkaServer kafka;
  private static Jdbi database;

  private final String aggregate = "a-" + UUID.randomUUID();

  @BeforeAll
  static void startServers() throws SQLException {
    postgres = PostgresServer.start(folder.resolve("postgres"), 0);
    kafka = KafkaServer.start(folder.resolve("kafka"), 0);
    new Migration(DatabaseUrl.parse(postgres.url()), line -> {}).run();
    database = Jdbi.create(postgres.jdbcUrl());
  }

  @AfterAll
  static void stopServers() {
    kafka.close();
    postgres.close();
  }

  @Test
  void messagesOfOthersUnderTheHeartbeatsPrefixStopNothing_H46a() {
    try (var relay = RunningRelay.start(environment());
        var log = new RelayLog()) {
      await().atMost(SOON).until(() -> relay.status().phase() instanceof Streaming);
      for (var isTransactional : List.of("false", "true")) {
        for (var content : List.of("''", "'anything'", "'9999-12-31T23:59:59Z'")) {
          database.useHandle(
              h ->
                  h.execute(
                      "select pg_logical_emit_message(%s, 'tidemark-relay-heartbeat', %s)"
                          .formatted(isTransactional, content)));
        }
      }
      write(1);

      awaitEvents(1);
      assertThat(log.pauses()).isEmpty();
    }
  }

  @Test
  void failureThatRepeatsMakesThePausesGrowAndReadinessNamesTheRow_H46() {
    write(1);
    try (var log = new RelayLog();
        var relay = RunningRelay.start(environment(), source -> refusing(source))) {
      await().atMost(SOON).until(() -> log.pauses().size() >= 4);
      await()
          .atMost(SOON)
          .untilAsserted(
              () ->
                  assertThat(relay.status().phase())
                      .isInstanceOfSatisfying(
                          Failed.class,
                          failed -> assertThat(failed.reason()).contains("row of " + aggregate)));
      assertThat(relay.status().failure()).hasValueSatisfying(f -> assertThat(f).contains("row"));

      assertThat(log.pauses().subList(0, 4))
          .containsExactly(
              Duration.ofMillis(250),
              Duration.ofMillis(500),
              Duration.ofSeconds(1),
              Duration.ofSeconds(2));
    }
    try (var relay = RunningRelay.start(environment())) {
      awaitEvents(1);
      await().atMost(SOON).until(() -> relay.status().failure().isEmpty());
    }
  }

  /// Fails at every batch with a row of this test.
  private ChangeSource refusing(ChangeSource real) {
    return new ChangeSource() {
      @Override
      public void run(Receiver receiver) {
        real.run(
            batch -> {
              if (!batch.changes().isEmpty()) {
                throw new StreamFailed("the row of " + aggregate + " is too much", null);
              }
              receiver.receive(batch);
            });
      }

      @Override
      public void close() {
        real.close();
      }
    };
  }

  /// What the relays say while it is open.
  private static final class RelayLog implements AutoCloseable {
    private final Logger logger = (Logger) LoggerFactory.getLogger(Relay.class);
    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();

    RelayLog() {
      lines.start();
      logger.setLevel(Level.DEBUG);
      logger.addAppender(lines);
    }

    /// Before each session that followed a failed one.
    List<Duration> pauses() {
      return List.copyOf(lines.list).stream()
          .filter(line -> line.getKeyValuePairs() != null)
          .flatMap(line -> line.getKeyValuePairs().stream())
          .filter(pair -> pair.key.equals("pause"))
          .map(pair -> (Duration) pair.value)
          .toList();
    }

    @Override
    public void close() {
      logger.detachAppender(lines);
      logger.setLevel(null);
    }
  }

  private void write(int version) {
    database.useHandle(
        h ->
            h.execute(
                "insert into outbox (aggregatetype, aggregateid, version, type, payload) values ('product', ?, ?, 'product.updated', '{}')",
                aggregate,
                version));
  }

  private void awaitEvents(int count) {
    await()
        .atMost(SOON)
        .ignoreExceptions()
        .untilAsserted(() -> assertThat(ours("product.events")).hasSize(count));
  }

  private List<ConsumerRecord<byte[], byte[]>> ours(String topic) {
    return Topic.committed(kafka, topic).stream()
        .filter(record -> record.key() != null)
        .filter(record -> new String(record.key(), UTF_8).equals(aggregate))
        .toList();
  }

  private static Map<String, String> headers(ConsumerRecord<byte[], byte[]> record) {
    return Arrays.stream(record.headers().toArray())
        .collect(toMap(h -> h.key(), h -> new String(h.value(), UTF_8)));
  }

  private static Map<String, String> environment() {
    return Map.of(
        "DATABASE_URL", postgres.url(), "KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrapServers());
  }
}
