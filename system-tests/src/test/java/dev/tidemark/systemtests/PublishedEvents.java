package dev.tidemark.systemtests;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/// Knowledge of a `read_committed` consumer about the events of some aggregates in a topic, from
/// the topic's beginning on: the outbox rows in it, and the faults. It keeps no event, so that
/// there may be many. Confined to one thread.
final class PublishedEvents implements AutoCloseable {
  private static final int MOST_FAULTS = 20;

  private final KafkaConsumer<String, byte[]> consumer;
  private final String aggregates;
  private final List<TopicPartition> partitions;
  private final Set<UUID> rows = new HashSet<>();
  private final Map<String, Long> versions = new HashMap<>();
  private final List<String> faults = new ArrayList<>();

  /// @param aggregates how their ids begin
  PublishedEvents(String bootstrapServers, String topic, String aggregates) {
    this.aggregates = aggregates;
    Map<String, Object> settings =
        Map.of(
            "bootstrap.servers",
            bootstrapServers,
            "isolation.level",
            "read_committed",
            "fetch.max.wait.ms",
            20);
    consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer());
    partitions =
        consumer.partitionsFor(topic).stream()
            .map(p -> new TopicPartition(topic, p.partition()))
            .toList();
    consumer.assign(partitions);
    consumer.seekToBeginning(partitions);
  }

  /// Continues to read to the present end of the topic.
  void readToEnd() {
    var ends = consumer.endOffsets(partitions);
    while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.get(p))) {
      consumer.poll(Duration.ofMillis(100)).forEach(this::take);
    }
  }

  /// Returns the ids of the outbox rows that are in the topic.
  Set<UUID> rows() {
    return Collections.unmodifiableSet(rows);
  }

  /// Returns the first of the rows that came twice, and of the versions that do not follow the one
  /// before.
  List<String> faults() {
    return Collections.unmodifiableList(faults);
  }

  private void take(ConsumerRecord<String, byte[]> event) {
    if (!event.key().startsWith(aggregates)) {
      return;
    }
    long version = Long.parseLong(header(event, "ce_aggregateversion"));
    var before = versions.put(event.key(), version);
    boolean isNew = rows.add(UUID.fromString(header(event, "ce_id")));
    boolean follows = version == (before == null ? 1 : before + 1);
    if (!(isNew && follows) && faults.size() < MOST_FAULTS) {
      faults.add(
          "%s: version %d after %s%s"
              .formatted(event.key(), version, before, isNew ? "" : ", not for the first time"));
    }
  }

  private static String header(ConsumerRecord<String, byte[]> event, String name) {
    return new String(event.headers().lastHeader(name).value(), UTF_8);
  }

  @Override
  public void close() {
    consumer.close();
  }
}
