package dev.tidemark.invalidator;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/// Looks at Kafka from beside the consumer, which itself is silent about a Kafka that is away:
/// whether it answers, whether the topics are there, and how far this consumer is behind. Confined
/// to one thread.
final class KafkaWatch implements AutoCloseable {

  private static final int TIMEOUT_MILLIS = 3000;

  private final Admin admin;
  private final List<String> topics;
  private final String group;
  private final Obstacle obstacle;
  private final KafkaLag lag;

  /// Opens a client of its own; looks at nothing yet.
  ///
  /// @param obstacle what is told how Kafka is
  /// @param lag what is told how many events are left
  KafkaWatch(Configuration configuration, Obstacle obstacle, KafkaLag lag) {
    Map<String, Object> settings = configuration.kafka().forClient();
    settings.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, TIMEOUT_MILLIS);
    settings.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, TIMEOUT_MILLIS);
    this.admin = Admin.create(settings);
    this.topics = configuration.kafka().topics();
    this.group = configuration.group();
    this.obstacle = obstacle;
    this.lag = lag;
  }

  void look() {
    try {
      List<String> missing = missingTopics();
      if (!missing.isEmpty()) {
        lag.isNotKnown();
        obstacle.is("there is no topic " + String.join(", ", missing) + " yet");
        return;
      }
      lag.sees(lagOf(lag.assigned()));
      obstacle.isGone();
    } catch (ExecutionException e) {
      lag.isNotKnown();
      obstacle.is("Kafka does not answer: " + e.getCause());
    } catch (KafkaException e) {
      lag.isNotKnown();
      obstacle.is("Kafka cannot be asked: " + e);
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
    }
  }

  private List<String> missingTopics() throws ExecutionException, InterruptedException {
    Set<String> missing = new HashSet<>();
    for (var topic : admin.describeTopics(topics).topicNameValues().entrySet()) {
      try {
        topic.getValue().get();
      } catch (ExecutionException e) {
        if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) {
          throw e;
        }
        missing.add(topic.getKey());
      }
    }
    return missing.stream().sorted().toList();
  }

  private long lagOf(Set<TopicPartition> partitions)
      throws ExecutionException, InterruptedException {
    if (partitions.isEmpty()) {
      return 0;
    }
    Map<TopicPartition, OffsetAndMetadata> committed =
        admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
    Map<TopicPartition, Long> ends = offsets(partitions, OffsetSpec.latest());
    Map<TopicPartition, Long> starts = offsets(partitions, OffsetSpec.earliest());
    long sum = 0;
    for (TopicPartition partition : partitions) {
      OffsetAndMetadata own = committed.get(partition);
      long start = starts.getOrDefault(partition, 0L);
      sum += Math.max(0, ends.getOrDefault(partition, 0L) - (own == null ? start : own.offset()));
    }
    return sum;
  }

  private Map<TopicPartition, Long> offsets(Set<TopicPartition> partitions, OffsetSpec spec)
      throws ExecutionException, InterruptedException {
    Map<TopicPartition, OffsetSpec> wanted = new HashMap<>();
    partitions.forEach(partition -> wanted.put(partition, spec));
    KafkaFuture<Map<TopicPartition, ListOffsetsResultInfo>> answer =
        admin.listOffsets(wanted).all();
    Map<TopicPartition, Long> offsets = new HashMap<>();
    answer.get().forEach((partition, info) -> offsets.put(partition, info.offset()));
    return offsets;
  }

  @Override
  public void close() {
    admin.close();
  }
}
