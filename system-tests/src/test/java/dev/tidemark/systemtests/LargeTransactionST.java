package dev.tidemark.systemtests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.db.Migration;
import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.embedded.PostgresServer;
import dev.tidemark.service.settings.DatabaseUrl;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A relay with little memory publishes transactions that are much larger than its memory.
class LargeTransactionST {
  private static final Duration SOON = Duration.ofMinutes(2);
  private static final List<String> LITTLE_MEMORY =
      List.of("-Xmx256m", "-XX:+ExitOnOutOfMemoryError");

  @TempDir static Path folder;
  private static PostgresServer postgres;
  private static KafkaServer kafka;
  private static Jdbi database;

  @BeforeAll
  static void startServers() throws SQLException {
    postgres = PostgresServer.startWithoutFsync(folder.resolve("postgres"), 0);
    kafka = KafkaServer.start(folder.resolve("kafka"), 0);
    new Migration(DatabaseUrl.parse(postgres.url()), step -> {}).run();
    database = Jdbi.create(postgres.jdbcUrl());
  }

  @AfterAll
  static void stopServers() {
    kafka.close();
    postgres.close();
  }

  @Test
  void hundredThousandRowsOfOneTransactionComeInOrderOnceAndWithProgress_H33() throws Exception {
    int rows = 100_000;
    var log = folder.resolve("small.log");

    try (var _ = relay("small", log)) {
      writeInOneTransaction("small", rows, "repeat('x', 1000)");
      assertThat(committedVersions("small.events", rows))
          .containsExactlyElementsOf(LongStream.rangeClosed(1, rows).boxed().toList());
    }
    assertThat(log)
        .content()
        .contains("a long transaction is being published", "rows=\"75000\"")
        .doesNotContain("session failed");
  }

  /// A transaction of the largest rows that the relay accepts, in the form that is largest in
  /// memory: one character that is not Latin doubles a string.
  @Test
  void rowsAsLargeAsTheyMayBeComeInOrderAndOnce() throws Exception {
    int rows = 100;
    var log = folder.resolve("large.log");

    try (var _ = relay("large", log)) {
      writeInOneTransaction("large", rows, "'€' || repeat('x', 4100000)");
      assertThat(committedVersions("large.events", rows))
          .containsExactlyElementsOf(LongStream.rangeClosed(1, rows).boxed().toList());
    }
    assertThat(log).content().doesNotContain("session failed");
  }

  /// Writes rows for a relay that streams: rows that exist before its first session are fetched
  /// from the table.
  ///
  /// One aggregate, so that its events are in one partition of the topic and their order can be
  /// seen.
  private static void writeInOneTransaction(String type, int rows, String text) {
    database.useHandle(
        h ->
            h.execute(
                """
                insert into outbox (aggregatetype, aggregateid, version, type, payload)
                select '%1$s', 'a', n, '%1$s.updated', to_json(%3$s) from generate_series(1, %2$d) n
                """
                    .formatted(type, rows, text)));
  }

  private static ServiceProcess relay(String name, Path log) {
    return ServiceProcess.start(
        "outbox-relay",
        "TIDEMARK_RELAY_ADMIN_PORT",
        Map.of(
            "DATABASE_URL",
            postgres.url(),
            "DATABASE_USER",
            "tidemark_relay",
            "KAFKA_BOOTSTRAP_SERVERS",
            kafka.bootstrapServers(),
            "KAFKA_PRODUCT_TOPIC",
            "product.events,%s.events".formatted(name)),
        log,
        LITTLE_MEMORY);
  }

  /// Returns the versions that a `read_committed` consumer finds, up to the last one that was
  /// written.
  private static List<Long> committedVersions(String topic, int last) {
    var versions = new ArrayList<Long>();
    long deadline = System.nanoTime() + SOON.toNanos();
    Map<String, Object> settings =
        Map.of("bootstrap.servers", kafka.bootstrapServers(), "isolation.level", "read_committed");
    try (var consumer =
        new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      var partitions =
          consumer.partitionsFor(topic).stream()
              .map(p -> new TopicPartition(topic, p.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      while (versions.isEmpty() || versions.getLast() != last) {
        assertThat(System.nanoTime())
            .as("%d events after %s", versions.size(), SOON)
            .isLessThan(deadline);
        for (var event : consumer.poll(Duration.ofSeconds(1))) {
          var version = event.headers().lastHeader("ce_aggregateversion").value();
          versions.add(Long.valueOf(new String(version, UTF_8)));
        }
      }
    }
    return versions;
  }
}
