package dev.tidemark.systemtests;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/// Versions that the invalidators have certainly applied: for each product the newest version among
/// the events before their committed offsets. From then on no read may return an older one.
final class AppliedVersions implements AutoCloseable {

  private static final Duration POLL = Duration.ofMillis(50);

  private final Admin admin;
  private final KafkaConsumer<String, String> consumer;
  private final String group;
  private final List<TopicPartition> partitions;
  private final Map<String, Long> versions = new HashMap<>();

  AppliedVersions(String bootstrapServers, String topic, String group) {
    Map<String, Object> settings = Map.of("bootstrap.servers", bootstrapServers);
    this.admin = Admin.create(settings);
    this.consumer =
        new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer());
    this.group = group;
    this.partitions =
        consumer.partitionsFor(topic).stream()
            .map(partition -> new TopicPartition(topic, partition.partition()))
            .toList();
    consumer.assign(partitions);
    consumer.seekToBeginning(partitions);
  }

  /// Returns the versions applied by now.
  Map<String, Long> now() throws ExecutionException, InterruptedException {
    Map<TopicPartition, OffsetAndMetadata> committed =
        admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
    for (var partition : partitions) {
      long end = committed.get(partition) == null ? 0 : committed.get(partition).offset();
      consumer.resume(List.of(partition));
      consumer.pause(partitions.stream().filter(other -> !other.equals(partition)).toList());
      // Records behind the committed offset may be included; they make the floor no more accurate.
      while (consumer.position(partition) < end) {
        for (var record : consumer.poll(POLL)) {
          if (record.offset() < end) {
            versions.merge(record.key(), version(record), Math::max);
          }
        }
      }
      if (consumer.position(partition) > end) {
        consumer.seek(partition, end);
      }
    }
    return Map.copyOf(versions);
  }

  private static long version(ConsumerRecord<?, ?> record) {
    return Long.parseLong(
        new String(record.headers().lastHeader("ce_aggregateversion").value(), UTF_8));
  }

  @Override
  public void close() {
    consumer.close();
    admin.close();
  }
}
