package dev.tidemark.invalidation;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.event.EventHeaders;
import dev.tidemark.invalidation.VersionGaps.Gap;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.Test;

class VersionGapsTest {

  private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

  private final VersionGaps gaps = new VersionGaps(Clock.fixed(NOW, ZoneOffset.UTC));

  @Test
  void versionsWithoutAHoleAreNone() {
    assertThat(LongStream.rangeClosed(1, 5).mapToObj(v -> seen("a", v)))
        .containsOnly(Optional.empty());
  }

  @Test
  void missingVersionIsOneAndOnlyOnce() {
    seen("a", 7);

    assertThat(seen("a", 10)).contains(new Gap("product:a", 7, 10));
    assertThat(seen("a", 11)).isEmpty();
  }

  @Test
  void whatIsSeenFirstAndWhatComesAgainIsNone() {
    assertThat(seen("a", 7)).isEmpty();
    assertThat(seen("a", 3)).as("a replay").isEmpty();
    assertThat(seen("a", 4)).isEmpty();
    assertThat(seen("a", 7)).isEmpty();
    assertThat(seen("a", 8)).isEmpty();
    assertThat(seen("b", 2)).isEmpty();
  }

  /// Test of H40.
  @Test
  void historyThatMayBeCompactedIsTakenAsItComes() {
    seen("a", 1);

    assertThat(seen(record("a", 5, NOW.minus(Duration.ofDays(8)), 0))).isEmpty();
    assertThat(seen("a", 6)).isEmpty();
  }

  @Test
  void stateToldAgainIsNone() {
    seen("a", 1);
    ConsumerRecord<byte[], byte[]> resync = record("a", 5, NOW, 0);
    resync.headers().add(EventHeaders.RESYNC, "run".getBytes(UTF_8));

    assertThat(seen(resync)).isEmpty();
    assertThat(seen("a", 4)).isEmpty();
    assertThat(seen("a", 6)).isEmpty();
  }

  @Test
  void partitionThatWasAnothersMeanwhileBeginsAnew() {
    seen(record("a", 1, NOW, 0));
    seen(record("b", 1, NOW, 1));

    gaps.forget(List.of(new TopicPartition("product.events", 0)));

    assertThat(seen(record("a", 9, NOW, 0))).isEmpty();
    assertThat(seen(record("b", 9, NOW, 1))).isPresent();
  }

  @Test
  void otherNumberOfPartitionsMakesNoDifference_H39() {
    seen(record("a", 1, NOW, 0));

    assertThat(seen(record("a", 2, NOW, 3))).isEmpty();
    assertThat(seen(record("a", 4, NOW, 3))).isPresent();
  }

  private Optional<Gap> seen(String id, long version) {
    return seen(record(id, version, NOW, 0));
  }

  private Optional<Gap> seen(ConsumerRecord<byte[], byte[]> record) {
    return gaps.before(record, EventReading.of(record));
  }

  private static ConsumerRecord<byte[], byte[]> record(
      String id, long version, Instant time, int partition) {
    RecordHeaders headers = new RecordHeaders();
    headers.add(EventHeaders.TYPE, "product.updated".getBytes(UTF_8));
    headers.add(EventHeaders.AGGREGATE_VERSION, Long.toString(version).getBytes(UTF_8));
    return new ConsumerRecord<>(
        "product.events",
        partition,
        0,
        time.toEpochMilli(),
        TimestampType.CREATE_TIME,
        0,
        0,
        id.getBytes(UTF_8),
        "{\"id\":\"%s\",\"version\":%d}".formatted(id, version).getBytes(UTF_8),
        headers,
        Optional.empty());
  }
}
