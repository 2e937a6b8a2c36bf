package dev.tidemark.relay.session;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.db.Migration;
import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.embedded.PostgresServer;
import dev.tidemark.event.EventHeaders;
import dev.tidemark.relay.SharedServers;
import dev.tidemark.relay.status.RelayStatus;
import dev.tidemark.service.settings.DatabaseUrl;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.LongStream;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// The outbox's partitions are created and removed while a relay streams. The tests of the
/// database's functions alone are in the module db.
@ExtendWith(SharedServers.class)
class OutboxHousekeepingIT {
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
  void relayPublishesAnOldPartitionAndThenRemovesIt_H31() {
    var old = makePartition(10);
    var young = makePartition(3);
    try (var relay = RunningRelay.start(environment("TIDEMARK_RELAY_RETENTION_DAYS", "7"))) {
      await().atMost(SOON).until(() -> !partitions().contains(old));

      assertThat(published()).containsExactly(90L, 97L);
      assertThat(partitions()).contains(young);
      assertThat(relay.status().lastRemoval())
          .hasValueSatisfying(
              removal -> assertThat(removal.what()).isEqualTo("partition %s dropped", old));
    }
  }

  @Test
  void relayWithoutRetentionRemovesNothing() {
    var old = makePartition(10);
    try (var relay = RunningRelay.start(environment("TIDEMARK_RELAY_RETENTION_DAYS", "off"))) {
      // It is created in the same turn, before anything is removed.
      var ahead = dropPartition(2);
      await().atMost(SOON).until(() -> partitions().contains(ahead));
      await().atMost(SOON).until(() -> relay.status().outbox().isPresent());
      assertThat(partitions()).contains(old);
      assertThat(relay.status().lastRemoval()).isEmpty();
    }
  }

  @Test
  void dayWithoutPartitionStopsNothingAndItsRowsComeOnceWhileThePartitionIsMade() throws Exception {
    var today = dropPartition(0);
    var stop = new AtomicBoolean();
    try (var writers = Executors.newVirtualThreadPerTaskExecutor()) {
      var writer = writers.submit(() -> writeUntil(stop));
      try (var _ = RunningRelay.start(environment("TIDEMARK_RELAY_RETENTION_DAYS", "off"))) {
        await().atMost(SOON).until(() -> writer.isDone() || partitions().contains(today));
        long moved = rowsIn(today);
        await().atMost(SOON).until(() -> writer.isDone() || rowsIn(today) > moved + 50);
      } finally {
        stop.set(true);
      }
      long written = writer.get();
      try (var _ = RunningRelay.start(environment("TIDEMARK_RELAY_RETENTION_DAYS", "off"))) {
        await()
            .atMost(SOON)
            .untilAsserted(
                () ->
                    assertThat(published())
                        .containsExactlyElementsOf(
                            LongStream.rangeClosed(1, written).boxed().toList()));
      }
    }
    assertThat(rowsIn("outbox_default")).isZero();
  }

  /// The time that passes counts, not a clock, which can be set back.
  @Test
  void partitionsAreTendedEveryHourThatPasses_H54() {
    var nanoTime = new AtomicLong(Long.MAX_VALUE - 1);
    var status = new RelayStatus(Clock.systemUTC());
    status.phase(new RelayStatus.Streaming());
    var partitions =
        new OutboxPartitions(database, "tidemark_relay", Optional.empty(), status, nanoTime::get);
    partitions.tend();

    var dropped = dropPartition(5);
    nanoTime.addAndGet(Duration.ofMinutes(59).toNanos());
    partitions.tend();
    assertThat(partitions()).doesNotContain(dropped);

    nanoTime.addAndGet(Duration.ofMinutes(1).toNanos());
    partitions.tend();
    assertThat(partitions()).contains(dropped);
  }

  /// Returns the number of versions that it wrote.
  private long writeUntil(AtomicBoolean stop) {
    return database.withHandle(
        h -> {
          long version = 0;
          while (!stop.get()) {
            h.execute(
                "insert into outbox (aggregatetype, aggregateid, version, type, payload) values"
                    + " ('product', ?, ?, 'product.updated', '{}')",
                aggregate,
                ++version);
            // This is no more than a step moves at once.
            LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
          }
          return version;
        });
  }

  /// Creates a day in the past with one row, whose version is 100 less the age in days, and returns
  /// the partition.
  private String makePartition(int daysAgo) {
    database.useHandle(
        h -> {
          h.execute(
              "insert into outbox (aggregatetype, aggregateid, version, type, payload, occurred_at)"
                  + " values ('product', ?, ?, 'product.updated', '{}', now() - ? * interval '1"
                  + " day')",
              aggregate,
              100 - daysAgo,
              daysAgo);
          while (h.createQuery("select outbox_partitions_ahead(14)").mapTo(Integer.class).one()
              > 0) {
            // This is one step of several.
          }
        });
    return nameOf(-daysAgo);
  }

  private static String dropPartition(int daysAhead) {
    var name = nameOf(daysAhead);
    database.useHandle(h -> h.execute("drop table " + name));
    return name;
  }

  private static String nameOf(int daysAhead) {
    var day = LocalDate.now(ZoneOffset.UTC).plusDays(daysAhead);
    return "outbox_" + day.toString().replace("-", "");
  }

  private static List<String> partitions() {
    return database.withHandle(
        h -> h.createQuery("select name from outbox_partitions()").mapTo(String.class).list());
  }

  private static long rowsIn(String table) {
    return database.withHandle(
        h -> h.createQuery("select count(*) from " + table).mapTo(Long.class).one());
  }

  /// Returns the versions of this test's aggregate in the topic, in their order.
  private List<Long> published() {
    return Topic.committed(kafka, "product.events").stream()
        .filter(event -> new String(event.key(), UTF_8).equals(aggregate))
        .map(event -> event.headers().lastHeader(EventHeaders.AGGREGATE_VERSION).value())
        .map(version -> Long.valueOf(new String(version, UTF_8)))
        .toList();
  }

  private static Map<String, String> environment(String name, String value) {
    return Map.of(
        "DATABASE_URL",
        postgres.url(),
        "DATABASE_USER",
        "tidemark_relay",
        "KAFKA_BOOTSTRAP_SERVERS",
        kafka.bootstrapServers(),
        name,
        value);
  }
}
