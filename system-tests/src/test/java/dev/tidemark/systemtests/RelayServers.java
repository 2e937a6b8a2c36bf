package dev.tidemark.systemtests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.db.DatabaseUrl;
import dev.tidemark.db.Migration;
import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.embedded.PostgresServer;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jdbi.v3.core.Jdbi;

/// What relays need to run, PostgreSQL and Kafka, and what must be true of the two afterwards.
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
    this.database = Jdbi.create(postgres.jdbcUrl());
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

  /// Waits until the relay has nothing left to do, then checks: every outbox row is in the topic
  /// exactly once for a `read_committed` reader, and the versions of each aggregate are 1, 2, 3, ….
  void assertTopicHoldsTheOutbox() {
    var rows =
        database.withHandle(
            h -> h.createQuery("select id::text from outbox").mapTo(String.class).list());
    await("all rows to be published")
        .atMost(SETTLED_WITHIN)
        .pollInterval(Duration.ofMillis(500))
        .until(() -> events().size() >= rows.size());
    var events = events();
    var gaps = new ArrayList<String>();
    var last = new HashMap<String, Long>();
    for (var event : events) {
      long before = last.getOrDefault(event.aggregate(), 0L);
      if (event.version() != before + 1) {
        gaps.add("%s: %d after %d".formatted(event.aggregate(), event.version(), before));
      }
      last.put(event.aggregate(), event.version());
    }
    assertThat(gaps).as("versions that do not follow on the one before").isEmpty();
    assertThat(events.stream().map(Event::rowId))
        .as("ids of the rows published")
        .containsExactlyInAnyOrderElementsOf(rows);
  }

  private record Event(String aggregate, long version, String rowId) {}

  private List<Event> events() {
    return Topic.committed(kafka.bootstrapServers(), TOPIC).stream()
        .map(
            e ->
                new Event(
                    e.key(),
                    Long.parseLong(
                        new String(e.headers().lastHeader("ce_aggregateversion").value(), UTF_8)),
                    new String(e.headers().lastHeader("ce_id").value(), UTF_8)))
        .toList();
  }

  @Override
  public void close() {
    kafka.close();
    postgres.close();
  }
}
