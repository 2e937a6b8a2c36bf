package dev.tidemark.invalidator.status;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;

/// Lag of a consumer group, as Kafka reports it.
final class KafkaGroupLag {

  private KafkaGroupLag() {}

  /// Returns the number of records between the committed offsets, or the beginning where none is
  /// committed, and the ends.
  static long events(Admin admin, String group, Collection<TopicPartition> partitions)
      throws ExecutionException, InterruptedException {
    if (partitions.isEmpty()) {
      return 0;
    }
    Map<TopicPartition, OffsetAndMetadata> committed =
        admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
    Map<TopicPartition, Long> ends = offsets(admin, partitions, OffsetSpec.latest());
    Map<TopicPartition, Long> starts = offsets(admin, partitions, OffsetSpec.earliest());
    long sum = 0;
    for (TopicPartition partition : partitions) {
      OffsetAndMetadata own = committed.get(partition);
      long start = starts.getOrDefault(partition, 0L);
      sum += Math.max(0, ends.getOrDefault(partition, 0L) - (own == null ? start : own.offset()));
    }
    return sum;
  }

  static Map<TopicPartition, Long> offsets(
      Admin admin, Collection<TopicPartition> partitions, OffsetSpec spec)
      throws ExecutionException, InterruptedException {
    Map<TopicPartition, OffsetSpec> wanted = new HashMap<>();
    partitions.forEach(partition -> wanted.put(partition, spec));
    KafkaFuture<Map<TopicPartition, ListOffsetsResultInfo>> answer =
        admin.listOffsets(wanted).all();
    Map<TopicPartition, Long> offsets = new HashMap<>();
    answer.get().forEach((partition, info) -> offsets.put(partition, info.offset()));
    return offsets;
  }
}
