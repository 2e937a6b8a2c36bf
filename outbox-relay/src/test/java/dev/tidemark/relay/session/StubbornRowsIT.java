package dev.tidemark.relay.session;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.tidemark.db.Migration;
import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.embedded.PostgresServer;
import dev.tidemark.relay.SharedServers;
import dev.tidemark.relay.settings.Delivery;
import dev.tidemark.relay.source.ChangeSource;
import dev.tidemark.relay.source.StreamFailed;
import dev.tidemark.relay.status.RelayStatus.Failed;
import dev.tidemark.relay.status.RelayStatus.Streaming;
import dev.tidemark.service.settings.DatabaseUrl;
import java.security.MessageDigest;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;

/// Test that no single row, record or message stops the stream (H46).
@ExtendWith(SharedServers.class)
class StubbornRowsIT {
  private static final Duration SOON = Duration.ofSeconds(60);

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
      assertThat(log.reasons()).noneMatch(reason -> reason.contains("heartbeat"));
    }
  }

  /// Kafka refuses a topic whose name differs from another's only in `.` and `_`.
  @Test
  void rowWhoseTopicCannotBeMadeIsADeadLetterAndTheStreamGoesOn_H46b() throws Exception {
    try (var admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()))) {
      KafkaServer.createTopic(admin, new NewTopic("foo_events", 1, (short) 1));
    }
    try (var _ = RunningRelay.start(environment());
        var log = new RelayLog()) {
      var row = write("foo", 1, "{\"a\":1}");
      write(1);

      awaitEvents(1);
      assertThat(ours("foo.events.dlt"))
          .singleElement()
          .satisfies(
              letter -> {
                assertThat(letter.value()).asString(UTF_8).isEqualTo("{\"a\":1}");
                assertThat(headers(letter))
                    .containsEntry("ce_id", row)
                    .containsEntry("dlt-topic", "foo.events")
                    .hasEntrySatisfying(
                        "dlt-reason",
                        reason -> assertThat(reason).contains("foo.events cannot be made"));
              });
      assertThat(log.reasons()).noneMatch(reason -> reason.contains("foo.events"));
    }
  }

  @ParameterizedTest
  @EnumSource
  void recordsTooLargeForTheirTopicsAreDeadLettersAndCut_H46d(Delivery delivery) throws Exception {
    var type = "small" + Character.toLowerCase(delivery.name().charAt(0));
    int most = 60_000;
    try (var admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()))) {
      for (var topic : List.of(type + ".events", type + ".events.dlt")) {
        KafkaServer.createTopic(
            admin,
            new NewTopic(topic, 1, (short) 1)
                .configs(Map.of("max.message.bytes", Integer.toString(most))));
      }
    }
    var payload = "{\"a\":\"%s\"}".formatted("x".repeat(2 * most));
    try (var log = new RelayLog();
        var _ =
            RunningRelay.start(
                environment(
                    "RELAY_DELIVERY",
                    delivery.name().toLowerCase(Locale.ROOT).replace('_', '-')))) {
      var row = write(type, 1, payload);
      var poison = write(type, 0, payload);
      write(1);

      await()
          .atMost(SOON)
          .ignoreExceptions()
          .untilAsserted(
              () ->
                  assertThat(ours(type + ".events.dlt"))
                      .extracting(letter -> headers(letter).get("ce_id"))
                      .contains(row, poison));
      await()
          .atMost(SOON)
          .ignoreExceptions()
          .untilAsserted(() -> assertThat(ours("product.events")).isNotEmpty());
      assertThat(ours(type + ".events")).isEmpty();
      var letters = ours(type + ".events.dlt");
      if (delivery == Delivery.EXACTLY_ONCE) {
        assertThat(letters).hasSize(2);
      }
      assertThat(letters)
          .allSatisfy(
              letter -> {
                assertThat(payload).startsWith(new String(letter.value(), UTF_8));
                assertThat(headers(letter))
                    .containsEntry("dlt-value-length", Integer.toString(payload.length()))
                    .containsEntry(
                        "dlt-value-sha256",
                        HexFormat.of()
                            .formatHex(
                                MessageDigest.getInstance("SHA-256")
                                    .digest(payload.getBytes(UTF_8))));
              });
      assertThat(letters)
          .filteredOn(letter -> headers(letter).get("ce_id").equals(row))
          .first()
          .satisfies(
              letter ->
                  assertThat(headers(letter).get("dlt-reason")).contains(aggregate, "version 1"));
      if (delivery == Delivery.EXACTLY_ONCE) {
        assertThat(log.reasons()).noneMatch(reason -> reason.contains(type));
      }
    }
  }

  /// The relay dies after it has published and before it could confirm. Its events come again.
  @ParameterizedTest
  @EnumSource
  void deadLetterIsWrittenAndToldOnceWhateverDies(Delivery delivery) {
    try (var log = new RelayLog()) {
      var row = write("product", 0, "{}");
      try (var relay =
          RunningRelay.start(
              environment(
                  "RELAY_DELIVERY", delivery.name().toLowerCase(Locale.ROOT).replace('_', '-')),
              1)) {
        await().atMost(SOON).until(() -> relay.deaths() == 1);
        write(1);
        awaitEvents(1);
      }
      assertThat(ours("product.events.dlt")).hasSize(1);
      var offset = ours("product.events.dlt").getFirst().offset();
      assertThat(log.lines("dead letter"))
          .filteredOn(line -> line.contains(row))
          .singleElement()
          .asString()
          .contains(
              "topic=\"product.events.dlt\"",
              "partition=\"0\"",
              "offset=\"%d\"".formatted(offset),
              "key=\"%s\"".formatted(aggregate),
              "version 0 must be between");
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

  /// Log of the relays while it is open.
  private static final class RelayLog implements AutoCloseable {
    private final Logger logger = (Logger) LoggerFactory.getLogger("dev.tidemark.relay");
    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();

    RelayLog() {
      lines.start();
      logger.setLevel(Level.DEBUG);
      logger.addAppender(lines);
    }

    /// Returns the pauses before each session that followed a failed one.
    List<Duration> pauses() {
      return values("pause").map(Duration.class::cast).toList();
    }

    /// Returns the reasons why sessions ended.
    List<String> reasons() {
      return values("reason").map(String::valueOf).toList();
    }

    private Stream<Object> values(String key) {
      return List.copyOf(lines.list).stream()
          .filter(line -> line.getMessage().startsWith("session failed"))
          .filter(line -> line.getKeyValuePairs() != null)
          .flatMap(line -> line.getKeyValuePairs().stream())
          .filter(pair -> pair.key.equals(key))
          .map(pair -> pair.value);
    }

    /// Returns the lines with this message, and their other contents.
    List<String> lines(String message) {
      return List.copyOf(lines.list).stream()
          .filter(line -> line.getFormattedMessage().equals(message))
          .map(line -> line.getKeyValuePairs() + "")
          .toList();
    }

    @Override
    public void close() {
      logger.detachAppender(lines);
      logger.setLevel(null);
    }
  }

  private void write(int version) {
    write("product", version, "{}");
  }

  /// Writes a row, and returns its id.
  private String write(String type, int version, String payload) {
    return database.withHandle(
        h ->
            h.createQuery(
                    "insert into outbox (aggregatetype, aggregateid, version, type, payload) values"
                        + " (:type, :id, :version, :type || '.x', cast(:payload as json)) returning"
                        + " id")
                .bind("type", type)
                .bind("id", aggregate)
                .bind("version", version)
                .bind("payload", payload)
                .mapTo(String.class)
                .one());
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
