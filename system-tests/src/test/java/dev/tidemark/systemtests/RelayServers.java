package dev.tidemark.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.db.Migration;
import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.embedded.PostgresServer;
import dev.tidemark.service.settings.DatabaseUrl;
import dev.tidemark.systemtests.OutboxWriter.Shape;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.jdbi.v3.core.Jdbi;

/// Servers that relays need, PostgreSQL and Kafka, and the conditions that both must meet
/// afterwards.
final class RelayServers implements AutoCloseable {
  static final String TOPIC = "product.events";

  private static final Duration SETTLED_WITHIN = Duration.ofSeconds(90);

  private final Path folder;
  private final PostgresServer postgres;
  private final KafkaServer kafka;
  private final Jdbi database;
  private final AtomicInteger relays = new AtomicInteger();

  private RelayServers(Path folder, PostgresServer postgres, KafkaServer kafka) {
    this.folder = folder;
    this.postgres = postgres;
    this.kafka = kafka;
    this.database = Jdbi.create(postgres.jdbcUrl() + "&socketTimeout=20");
  }

  static RelayServers start(Path folder) {
    var postgres = PostgresServer.start(folder.resolve("postgres"), 0);
    var kafka = KafkaServer.start(folder.resolve("kafka"), 0);
    try {
      new Migration(DatabaseUrl.parse(postgres.url()), line -> {}).run();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
    return new RelayServers(folder, postgres, kafka);
  }

  PostgresServer postgres() {
    return postgres;
  }

  KafkaServer kafka() {
    return kafka;
  }

  Jdbi database() {
    return database;
  }

  /// Starts a relay and returns at once.
  ServiceProcess launchRelay(String databaseUrl, String... jvmOptions) {
    return ServiceProcess.launch(
        "outbox-relay",
        "TIDEMARK_RELAY_ADMIN_PORT",
        Map.of(
            "DATABASE_URL",
            databaseUrl,
            "DATABASE_USER",
            "tidemark_relay",
            "KAFKA_BOOTSTRAP_SERVERS",
            kafka.bootstrapServers()),
        folder.resolve("relay-%d.log".formatted(relays.incrementAndGet())),
        jvmOptions);
  }

  /// Waits until the relay has no work left, then checks: every outbox row of these aggregates is
  /// in the topic exactly once for a `read_committed` reader, and the versions of each are 1, 2, 3,
  /// ….
  ///
  /// @param aggregates how their ids begin
  void assertTopicHoldsTheOutbox(String aggregates) {
    // Published last, whatever the relay does with the rows before it.
    new OutboxWriter(database, aggregates + "-last", 1).write(Shape.ONE_ROW);
    var rows =
        database.withHandle(
            h ->
                h.createQuery("select id from outbox where aggregateid like :ids")
                    .bind("ids", aggregates + "%")
                    .mapTo(UUID.class)
                    .set());
    try (var events = new PublishedEvents(kafka.bootstrapServers(), TOPIC, aggregates)) {
      await("all rows to be published")
          .atMost(SETTLED_WITHIN)
          .untilAsserted(
              () -> {
                events.readToEnd();
                assertThat(events.rows().size())
                    .as("rows published; out of order: %s", events.faults())
                    .isGreaterThanOrEqualTo(rows.size());
              });
      assertThat(events.faults()).as("what is twice, missing or out of order").isEmpty();
      assertThat(events.rows().equals(rows)).as("just the rows of the outbox").isTrue();
    }
  }

  @Override
  public void close() {
    kafka.close();
    postgres.close();
  }
}
