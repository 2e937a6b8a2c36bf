package dev.tidemark.relay.session;

import dev.tidemark.embedded.KafkaServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/// Reads topics like a consumer.
public final class Topic {
  private Topic() {}

  /// Returns all records that a `read_committed` consumer finds in the topic now, in partition
  /// order.
  public static List<ConsumerRecord<byte[], byte[]>> committed(KafkaServer kafka, String topic) {
    return read(kafka, topic, "read_committed");
  }

  /// Returns all records for a consumer that does not wait for Kafka's transactions, like the
  /// invalidator.
  static List<ConsumerRecord<byte[], byte[]>> all(KafkaServer kafka, String topic) {
    return read(kafka, topic, "read_uncommitted");
  }

  private static List<ConsumerRecord<byte[], byte[]>> read(
      KafkaServer kafka, String topic, String isolation) {
    var found = new ArrayList<ConsumerRecord<byte[], byte[]>>();
    Map<String, Object> settings =
        Map.of(
            "bootstrap.servers",
            kafka.bootstrapServers(),
            "isolation.level",
            isolation,
            "fetch.max.wait.ms",
            20,
            "allow.auto.create.topics",
            false,
            "default.api.timeout.ms",
            20_000);
    try (var consumer =
        new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      var partitions =
          consumer.partitionsFor(topic).stream()
              .map(p -> new TopicPartition(topic, p.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      var ends = consumer.endOffsets(partitions);
      while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.get(p))) {
        consumer.poll(Duration.ofMillis(100)).forEach(found::add);
      }
    }
    return found;
  }
}
