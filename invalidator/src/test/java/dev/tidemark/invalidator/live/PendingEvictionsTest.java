package dev.tidemark.invalidator.live;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.cache.store.EvictionRequest;
import dev.tidemark.invalidation.EventReading;
import dev.tidemark.invalidator.TestTopic;
import dev.tidemark.invalidator.events.DeadLetter;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PendingEvictionsTest {

  private static final String TOPIC = "product.events";
  private static final String TIME = "2026-01-02T03:04:05Z";
  private static final Instant NOW = Instant.parse(TIME);

  private final PendingEvictions pending = new PendingEvictions();

  @Test
  void ofEachKeyTheNewestVersionIsEvicted() {
    add(record(0, 10, "a", Map.of("ce_type", "product.updated", "ce_aggregateversion", "9")));
    add(record(0, 11, "b", Map.of("ce_type", "product.updated", "ce_aggregateversion", "1")));
    add(record(0, 12, "a", Map.of("ce_type", "product.updated", "ce_aggregateversion", "10")));
    add(record(0, 13, "a", Map.of("ce_type", "product.deleted", "ce_aggregateversion", "8")));
    assertThat(pending.requests())
        .containsExactly(new EvictionRequest("product:a", 10), new EvictionRequest("product:b", 1));
  }

  @Test
  void eachChangeBehindAnEvictionKeepsItsTime() {
    Map<String, String> headers =
        Map.of("ce_type", "product.updated", "ce_aggregateversion", "9", "ce_time", TIME);
    add(record(0, 1, "a", headers));
    add(record(0, 2, "a", headers));
    pending.evicted("product:a", Instant.parse(TIME).plusMillis(7));
    assertThat(pending.done().times()).containsExactly(Duration.ofMillis(7), Duration.ofMillis(7));
    assertThat(pending.done().times()).isEmpty();
  }

  @Test
  void theOffsetsToCommitAreThoseOfTheNextRecords() {
    add(record(0, 10, "a", Map.of("ce_type", "product.x", "ce_aggregateversion", "1")));
    add(record(0, 11, "a", Map.of("ce_type", "product.x", "ce_aggregateversion", "2")));
    add(record(1, 5, "b", Map.of("ce_type", "product.x", "ce_aggregateversion", "1")));
    assertThatThrownBy(pending::done).isInstanceOf(IllegalStateException.class);
    pending.evicted("product:a", NOW);
    pending.evicted("product:b", NOW);
    assertThat(pending.done().offsets())
        .containsOnly(
            Map.entry(new TopicPartition(TOPIC, 0), 12L),
            Map.entry(new TopicPartition(TOPIC, 1), 6L));
    assertThat(pending.done().offsets()).isEmpty();
  }

  @Test
  void partitionsThatWentAreEvictedButNotCommitted_H38() {
    add(record(0, 10, "a", Map.of("ce_type", "product.x", "ce_aggregateversion", "1")));
    pending.forget(List.of(new TopicPartition(TOPIC, 0)));
    assertThat(pending.requests()).containsExactly(new EvictionRequest("product:a", 1));
    pending.evicted("product:a", NOW);
    assertThat(pending.done().offsets()).isEmpty();
  }

  @Test
  void theTimeOfAnEvictionThatIsReadAgainIsToldOnce() {
    Map<String, String> headers =
        Map.of("ce_type", "product.updated", "ce_aggregateversion", "9", "ce_time", TIME);
    add(record(0, 1, "a", headers));
    add(record(0, 2, "b", headers));
    pending.evicted("product:a", NOW);

    pending.clear();

    add(record(0, 1, "a", headers));
    pending.evicted("product:a", NOW);
    assertThat(pending.done().times()).hasSize(1);
  }

  @Test
  void whatIsReadAgainIsForgottenButNotWhatGoesByForce() {
    add(record(0, 10, "a", Map.of("ce_type", "product.x", "ce_aggregateversion", "3")));
    pending.force("product:a");

    pending.clear();

    assertThat(pending.requests()).isEmpty();
    assertThat(pending.forced()).containsExactly("product:a");
    pending.evictedByForce("product:a");
    assertThat(pending.done().offsets()).isEmpty();
  }

  @Test
  void aKeyWithoutAVersionIsEvictedByForceAndIsADeadLetter_H35() {
    add(record(0, 1, "a", Map.of("ce_type", "product.updated")));
    add(record(0, 2, "b", Map.of("ce_type", "product.updated", "ce_aggregateversion", "one")));
    assertThat(pending.requests()).isEmpty();
    assertThat(pending.forced()).containsExactly("product:a", "product:b");
    assertThat(pending.deadLetters())
        .extracting(DeadLetter::reason)
        .allSatisfy(reason -> assertThat(reason).contains("ce_aggregateversion"));
  }

  @Test
  void aVersionWithoutATypeEvictsByTheTopicsType_H34() {
    add(record(0, 1, "a", Map.of("ce_aggregateversion", "7")));
    assertThat(pending.requests()).containsExactly(new EvictionRequest("product:a", 7));
    assertThat(pending.deadLetters()).hasSize(1);
    assertThat(EventReading.of(record("stock.events", "a", Map.of())).keys()).contains("stock:a");
    assertThat(EventReading.of(record("whatever", "a", Map.of())).keys()).contains("product:a");
  }

  @Test
  void withoutAKeyTheSubjectTellsTheAggregate() {
    add(
        record(
            0,
            1,
            null,
            Map.of("ce_type", "product.updated", "ce_subject", "a", "ce_aggregateversion", "7")));
    assertThat(pending.requests()).containsExactly(new EvictionRequest("product:a", 7));
    assertThat(pending.deadLetters()).hasSize(1);
  }

  @Test
  void withNothingToEvictADeadLetterIsStillPending() {
    add(record(0, 1, null, Map.of()));
    assertThat(pending.requests()).isEmpty();
    assertThat(pending.forced()).isEmpty();
    assertThat(pending.isEmpty()).isFalse();
    pending.deadLettersSent();
    assertThat(pending.isEmpty()).isTrue();
  }

  private static ConsumerRecord<byte[], byte[]> record(
      int partition, long offset, @Nullable String key, Map<String, String> headers) {
    return record(TOPIC, partition, offset, key, headers);
  }

  private static ConsumerRecord<byte[], byte[]> record(
      String topic, String key, Map<String, String> headers) {
    return record(topic, 0, 0, key, headers);
  }

  private static ConsumerRecord<byte[], byte[]> record(
      String topic, int partition, long offset, @Nullable String key, Map<String, String> headers) {
    RecordHeaders recordHeaders = new RecordHeaders();
    headers.forEach((name, value) -> recordHeaders.add(name, value.getBytes(UTF_8)));
    return new ConsumerRecord<>(
        topic,
        partition,
        offset,
        0,
        TimestampType.CREATE_TIME,
        0,
        0,
        key == null ? null : key.getBytes(UTF_8),
        TestTopic.json(key, headers.getOrDefault("ce_aggregateversion", "1")).getBytes(UTF_8),
        recordHeaders,
        Optional.empty());
  }

  private void add(ConsumerRecord<byte[], byte[]> record) {
    pending.add(record, EventReading.of(record));
    pending.read(new TopicPartition(record.topic(), record.partition()), record.offset() + 1);
  }
}
