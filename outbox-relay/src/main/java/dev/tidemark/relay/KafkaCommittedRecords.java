package dev.tidemark.relay;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/// Reads partitions as a `read_committed` consumer without a group, to their true ends. Confined to
/// one thread.
final class KafkaCommittedRecords implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(200);

  /// Longer than a transaction of another producer may stay open, a minute unless configured.
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  private final Admin admin;
  private final KafkaConsumer<byte[], byte[]> consumer;

  /// @param settings of Kafka clients
  KafkaCommittedRecords(Map<String, Object> settings) {
    this.admin = Admin.create(settings);
    var reading = new HashMap<>(settings);
    reading.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    reading.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    reading.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    // Closing waits for the fetch under way, which at the end of a topic lasts as long as this.
    reading.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 20);
    try {
      this.consumer =
          new KafkaConsumer<>(reading, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    } catch (RuntimeException e) {
      admin.close(Duration.ZERO);
      throw e;
    }
  }

  /// None when there is no such topic.
  List<TopicPartition> partitions(String topic) {
    try {
      var described = admin.describeTopics(List.of(topic)).topicNameValues().get(topic);
      return described == null
          ? List.of()
          : described.get().partitions().stream()
              .map(p -> new TopicPartition(topic, p.partition()))
              .toList();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UnknownTopicOrPartitionException) {
        return List.of();
      }
      throw new KafkaException("topic " + topic + " could not be looked at", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KafkaException("interrupted while looking at topic " + topic, e);
    }
  }

  Map<TopicPartition, Long> beginnings(Collection<TopicPartition> partitions) {
    return offsets(partitions, OffsetSpec.earliest());
  }

  /// The ends of all records, committed or not. A `read_committed` consumer's own ends lie before
  /// the first open transaction: another producer's could hide what is committed behind.
  Map<TopicPartition, Long> ends(Collection<TopicPartition> partitions) {
    return offsets(partitions, OffsetSpec.latest());
  }

  /// The first records with this timestamp or a later one; -1 where there is none.
  Map<TopicPartition, Long> since(Collection<TopicPartition> partitions, long timestamp) {
    return offsets(partitions, OffsetSpec.forTimestamp(timestamp));
  }

  private Map<TopicPartition, Long> offsets(
      Collection<TopicPartition> partitions, OffsetSpec which) {
    try {
      return admin
          .listOffsets(partitions.stream().collect(Collectors.toMap(p -> p, p -> which)))
          .all()
          .get()
          .entrySet()
          .stream()
          .collect(Collectors.toMap(Map.Entry::getKey, found -> found.getValue().offset()));
    } catch (ExecutionException e) {
      throw new KafkaException("the offsets of " + partitions + " are not known", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KafkaException("interrupted while asking for the offsets of " + partitions, e);
    }
  }

  /// Hands out the records from these offsets up to those ends, in the order of each partition.
  void read(
      Map<TopicPartition, Long> from,
      Map<TopicPartition, Long> ends,
      Consumer<ConsumerRecord<byte[], byte[]>> receiver) {
    consumer.assign(from.keySet());
    from.forEach(consumer::seek);
    long giveUp = System.nanoTime() + PATIENCE.toNanos();
    while (!isAt(ends)) {
      var records = consumer.poll(POLL);
      if (!records.isEmpty()) {
        giveUp = System.nanoTime() + PATIENCE.toNanos();
      } else if (System.nanoTime() > giveUp) {
        throw new KafkaException(
            "%s could not be read to the ends %s: no progress for %s, is a transaction open there?"
                .formatted(from.keySet(), ends, PATIENCE));
      }
      for (var record : records) {
        if (record.offset() < ends.getOrDefault(partition(record), 0L)) {
          receiver.accept(record);
        }
      }
    }
  }

  private boolean isAt(Map<TopicPartition, Long> ends) {
    return consumer.assignment().stream()
        .allMatch(p -> consumer.position(p) >= ends.getOrDefault(p, 0L));
  }

  private static TopicPartition partition(ConsumerRecord<byte[], byte[]> record) {
    return new TopicPartition(record.topic(), record.partition());
  }

  @Override
  public void close() {
    consumer.close();
    admin.close(Duration.ZERO);
  }
}
