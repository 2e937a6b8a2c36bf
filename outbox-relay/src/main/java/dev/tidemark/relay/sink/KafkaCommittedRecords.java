package dev.tidemark.relay.sink;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads partitions as a `read_committed` consumer without a group, to their true ends. Confined to
/// one thread.
final class KafkaCommittedRecords implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(KafkaCommittedRecords.class);
  private static final Duration POLL = Duration.ofMillis(200);

  /// Longest wait: longer than a transaction of another producer may stay open, which is a minute
  /// unless configured.
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  /// Time without a record after which the reason for the wait is reported.
  private static final Duration SILENCE = Duration.ofSeconds(2);

  private final Map<String, Object> settings;
  private final Consumer<String> doing;
  private final Admin admin;
  private final KafkaConsumer<byte[], byte[]> consumer;

  /// Opens the clients that read.
  ///
  /// @param settings of Kafka clients
  /// @param doing receives a description of what is waited for
  static KafkaCommittedRecords open(Map<String, Object> settings, Consumer<String> doing) {
    return new KafkaCommittedRecords(settings, doing, "read_committed");
  }

  private KafkaCommittedRecords(
      Map<String, Object> settings, Consumer<String> doing, String isolation) {
    this.settings = settings;
    this.doing = doing;
    this.admin = Admin.create(settings);
    var reading = new HashMap<>(settings);
    reading.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, isolation);
    reading.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    reading.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    // Closing waits for the current fetch, which at the end of a topic lasts as long as this.
    reading.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 20);
    try {
      this.consumer =
          new KafkaConsumer<>(reading, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    } catch (RuntimeException e) {
      admin.close(Duration.ZERO);
      throw e;
    }
  }

  /// Returns the partitions; none when there is no such topic.
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

  /// Returns the ends of all records, committed or not. The ends of a `read_committed` consumer lie
  /// before the first open transaction, so a transaction of another producer could hide committed
  /// records.
  Map<TopicPartition, Long> ends(Collection<TopicPartition> partitions) {
    return offsets(partitions, OffsetSpec.latest());
  }

  /// Returns the offsets of the first records with this timestamp or a later one; -1 where there is
  /// none.
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

  /// Passes on the records from these offsets up to those ends, in the order of each partition.
  void read(
      Map<TopicPartition, Long> from,
      Map<TopicPartition, Long> ends,
      Consumer<ConsumerRecord<byte[], byte[]>> receiver) {
    consumer.assign(from.keySet());
    from.forEach(consumer::seek);
    long begin = System.nanoTime();
    boolean isSaid = false;
    while (!isAt(ends)) {
      var records = consumer.poll(POLL);
      long silence = System.nanoTime() - begin;
      if (!records.isEmpty()) {
        begin = System.nanoTime();
        isSaid = false;
      } else if (silence > PATIENCE.toNanos()) {
        throw new KafkaException(
            "no record for %d s: %s"
                .formatted(PATIENCE.toSeconds(), KafkaOpenTransaction.text(admin, notAt(ends))));
      } else if (silence > SILENCE.toNanos() && !isSaid) {
        isSaid = true;
        var text = KafkaOpenTransaction.text(admin, notAt(ends));
        log.info(text);
        doing.accept(text);
      }
      for (var record : records) {
        if (record.offset() < ends.getOrDefault(partition(record), 0L)) {
          receiver.accept(record);
        }
      }
    }
  }

  /// Reads as [#read] does, but waits for nobody. Records behind an open transaction are passed on
  /// whether they are committed or not.
  ///
  /// @param most so many at the end of each partition
  void readNewest(
      Stream<String> topics, int most, Consumer<ConsumerRecord<byte[], byte[]>> receiver) {
    var partitions = topics.flatMap(topic -> partitions(topic).stream()).toList();
    var ends = ends(partitions);
    var from = new HashMap<>(beginnings(partitions));
    from.replaceAll(
        (partition, begin) -> Math.max(begin, ends.getOrDefault(partition, begin) - most));
    // Ends for a reader of committed records: the beginnings of the first open transactions.
    var stable = consumer.endOffsets(from.keySet());
    var behind = new HashMap<>(from);
    behind.replaceAll((partition, begin) -> Math.max(begin, stable.getOrDefault(partition, begin)));
    read(from, stable, receiver);
    behind.entrySet().removeIf(e -> e.getValue() >= ends.getOrDefault(e.getKey(), 0L));
    if (!behind.isEmpty()) {
      log.atInfo()
          .addKeyValue("partitions", behind.keySet())
          .log("transactions of other producers are open; reading uncommitted records behind them");
      try (var uncommitted = new KafkaCommittedRecords(settings, doing, "read_uncommitted")) {
        uncommitted.read(behind, ends, receiver);
      }
    }
  }

  private List<TopicPartition> notAt(Map<TopicPartition, Long> ends) {
    return consumer.assignment().stream()
        .filter(p -> consumer.position(p) < ends.getOrDefault(p, 0L))
        .toList();
  }

  private boolean isAt(Map<TopicPartition, Long> ends) {
    return notAt(ends).isEmpty();
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
