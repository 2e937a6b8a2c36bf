package dev.tidemark.operator.topics;

import dev.tidemark.invalidation.KafkaSettings;
import dev.tidemark.invalidation.Unavailable;
import dev.tidemark.operator.run.Deadline;
import dev.tidemark.operator.run.StopRequest;
import dev.tidemark.operator.topics.ScanStart.Partition;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/// Reads topics once, from a start to the ends that they had when the scan began. The scan has a
/// consumer of its own and no group, so it does not affect the live path (H41). Confined to one
/// thread.
public final class TopicScan implements AutoCloseable {

  private static final Duration POLL = Duration.ofMillis(500);

  /// Longest time for which Kafka may be silent, at first and later.
  public static final Duration PATIENCE = Duration.ofMinutes(1);

  private static final Duration FIRST_ANSWER = Duration.ofSeconds(15);
  private static final int MAX_POLL_RECORDS = 2000;

  private final KafkaConsumer<byte[], byte[]> consumer;
  private final List<String> topics;
  private final Map<TopicPartition, Long> ends;
  private final Map<TopicPartition, Long> positions;
  private final long total;

  private TopicScan(
      KafkaConsumer<byte[], byte[]> consumer,
      List<String> topics,
      Map<TopicPartition, Long> starts,
      Map<TopicPartition, Long> ends) {
    this.consumer = consumer;
    this.topics = topics;
    this.ends = ends;
    this.positions = new HashMap<>(starts);
    this.total = remaining();
  }

  /// Finds start and ends. Reads nothing yet.
  ///
  /// @param news gets a line where the start is not what was asked for
  /// @throws Unavailable when a topic or an offset is not there, or Kafka does not answer
  public static TopicScan open(KafkaSettings settings, ScanStart start, Consumer<String> news) {
    return open(settings, start, news, MAX_POLL_RECORDS);
  }

  /// Opens a scan for a reader that takes at most so many records at once.
  public static TopicScan open(
      KafkaSettings settings, ScanStart start, Consumer<String> news, int atOnce) {
    return patiently(settings, news, () -> openNow(settings, start, news, atOnce));
  }

  private static TopicScan openNow(
      KafkaSettings settings, ScanStart start, Consumer<String> news, int atOnce) {
    KafkaConsumer<byte[], byte[]> consumer = consumer(settings, atOnce);
    try {
      Set<TopicPartition> all = partitions(consumer, settings.topics());
      Map<TopicPartition, Long> beginnings = consumer.beginningOffsets(all);
      Map<TopicPartition, Long> ends = consumer.endOffsets(all);
      Map<TopicPartition, Long> starts =
          new Starts(settings.topics(), beginnings, ends, consumer, news).of(start);
      ends.keySet().retainAll(starts.keySet());
      consumer.assign(starts.keySet());
      starts.forEach(consumer::seek);
      return new TopicScan(consumer, settings.topics(), starts, ends);
    } catch (RuntimeException e) {
      consumer.close(CloseOptions.timeout(Duration.ZERO));
      throw e;
    }
  }

  /// Tries until Kafka answers, for as long as it may be silent.
  private static <T> T patiently(
      KafkaSettings settings, Consumer<String> news, Supplier<T> question) {
    Deadline deadline = Deadline.in(PATIENCE);
    while (true) {
      try {
        return question.get();
      } catch (TimeoutException e) {
        if (deadline.isOver()) {
          throw settings.unreachable(
              "no answer for %d s; %s".formatted(PATIENCE.toSeconds(), KafkaSettings.rootCause(e)));
        }
        news.accept(
            "%s; trying for %d s more"
                .formatted(settings.unanswered(), deadline.left().toSeconds()));
      } catch (AuthenticationException e) {
        throw settings.unreachable(e);
      }
    }
  }

  /// Returns the topics that exist.
  public static List<String> existing(
      KafkaSettings settings, List<String> topics, Consumer<String> news) {
    return patiently(
        settings,
        news,
        () -> {
          try (KafkaConsumer<byte[], byte[]> consumer = consumer(settings, MAX_POLL_RECORDS)) {
            Set<String> all = consumer.listTopics().keySet();
            return topics.stream().filter(all::contains).toList();
          }
        });
  }

  /// Returns the number of offsets between start and ends. Some may have no record.
  public long total() {
    return total;
  }

  /// Returns the number of them that the scan has passed.
  public long done() {
    return total - remaining();
  }

  private long remaining() {
    long sum = 0;
    for (Map.Entry<TopicPartition, Long> end : ends.entrySet()) {
      sum += Math.max(0, end.getValue() - positions.getOrDefault(end.getKey(), 0L));
    }
    return sum;
  }

  public boolean isAtEnd() {
    return remaining() == 0;
  }

  /// Returns the next records, those of a partition in order; none at the end.
  ///
  /// @throws StopRequest.Stopped when the command is to end
  /// @throws Unavailable when Kafka is silent for long
  public List<ConsumerRecord<byte[], byte[]>> next(StopRequest stopping) {
    long begin = System.nanoTime();
    long before = remaining();
    List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
    while (records.isEmpty() && !isAtEnd()) {
      stopping.check();
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
        if (record.offset() < end(record)) {
          records.add(record);
        }
      }
      // The markers of transactions, and compacted records, have offsets but no record.
      ends.keySet().forEach(partition -> positions.put(partition, consumer.position(partition)));
      if (remaining() < before) {
        before = remaining();
        begin = System.nanoTime();
      } else if (System.nanoTime() - begin > PATIENCE.toNanos()) {
        throw new Unavailable(
            "Kafka has sent nothing for %d s: see that it runs".formatted(PATIENCE.toSeconds()));
      }
    }
    consumer.pause(ends.keySet().stream().filter(this::isRead).toList());
    return records;
  }

  private boolean isRead(TopicPartition partition) {
    return positions.getOrDefault(partition, 0L) >= ends.getOrDefault(partition, 0L);
  }

  private long end(ConsumerRecord<?, ?> record) {
    return ends.getOrDefault(new TopicPartition(record.topic(), record.partition()), 0L);
  }

  /// Returns the position to continue from: the first offsets that [#next] has not returned yet.
  public ScanStart.Offsets position() {
    Map<TopicPartition, Long> open = new HashMap<>(positions);
    open.keySet().removeIf(this::isRead);
    return named(open);
  }

  /// Returns the start for a scan that reads what comes after the ends of this one.
  public ScanStart.Offsets end() {
    return named(ends);
  }

  private ScanStart.Offsets named(Map<TopicPartition, Long> offsets) {
    SortedMap<Partition, Long> named = new TreeMap<>();
    offsets.forEach(
        (partition, offset) ->
            named.put(
                new Partition(topics.size() == 1 ? "" : partition.topic(), partition.partition()),
                offset));
    return new ScanStart.Offsets(named);
  }

  @Override
  public void close() {
    consumer.close();
  }

  private static KafkaConsumer<byte[], byte[]> consumer(KafkaSettings settings, int atOnce) {
    Map<String, Object> own = settings.forClient();
    own.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, atOnce);
    own.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    own.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    own.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    own.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) FIRST_ANSWER.toMillis());
    own.put(ConsumerConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) FIRST_ANSWER.toMillis());
    return new KafkaConsumer<>(own, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  private static Set<TopicPartition> partitions(KafkaConsumer<?, ?> consumer, List<String> topics) {
    return topics.stream()
        .flatMap(topic -> partitions(consumer, topic).stream())
        .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
        .collect(Collectors.toSet());
  }

  private static List<PartitionInfo> partitions(KafkaConsumer<?, ?> consumer, String topic) {
    List<PartitionInfo> found;
    try {
      found = consumer.partitionsFor(topic);
    } catch (InvalidTopicException e) {
      found = List.of();
    }
    if (found.isEmpty()) {
      throw KafkaSettings.noTopic(topic);
    }
    return found;
  }

  /// Offsets that a start means.
  private record Starts(
      List<String> topics,
      Map<TopicPartition, Long> beginnings,
      Map<TopicPartition, Long> ends,
      KafkaConsumer<?, ?> consumer,
      Consumer<String> news) {

    Map<TopicPartition, Long> of(ScanStart start) {
      return switch (start) {
        case ScanStart.Beginning() -> beginnings;
        case ScanStart.At(Instant time) -> at(time);
        case ScanStart.Offset(long offset) -> everywhere(offset);
        case ScanStart.Offsets(SortedMap<Partition, Long> offsets) -> of(offsets);
      };
    }

    private Map<TopicPartition, Long> at(Instant time) {
      Map<TopicPartition, Long> times = new HashMap<>();
      beginnings.keySet().forEach(partition -> times.put(partition, time.toEpochMilli()));
      Map<TopicPartition, Long> starts = new HashMap<>();
      consumer
          .offsetsForTimes(times)
          .forEach(
              (partition, found) ->
                  starts.put(
                      partition,
                      found == null ? ends.getOrDefault(partition, 0L) : found.offset()));
      return starts;
    }

    private Map<TopicPartition, Long> everywhere(long offset) {
      Map<TopicPartition, Long> starts = new HashMap<>();
      // One offset for all partitions: in a shorter partition there is nothing to read.
      ends.forEach(
          (partition, end) -> starts.put(partition, there(partition, Math.min(offset, end))));
      return starts;
    }

    private Map<TopicPartition, Long> of(SortedMap<Partition, Long> offsets) {
      Map<TopicPartition, Long> starts = new HashMap<>();
      offsets.forEach(
          (named, offset) -> {
            TopicPartition partition = partition(named);
            if (offset > ends.getOrDefault(partition, 0L)) {
              throw new Unavailable(
                  "%s has no offset %d yet; it ends at %d"
                      .formatted(partition, offset, ends.get(partition)));
            }
            starts.put(partition, there(partition, offset));
          });
      return starts;
    }

    private long there(TopicPartition partition, long offset) {
      long beginning = beginnings.getOrDefault(partition, 0L);
      if (offset < beginning) {
        news.accept(
            "%s has no offset %d any more; it is read from its beginning, %d"
                .formatted(partition, offset, beginning));
      }
      return Math.max(offset, beginning);
    }

    private TopicPartition partition(Partition named) {
      if (named.topic().isEmpty() && topics.size() > 1) {
        throw new Unavailable(
            "there are several topics: write %s:%d:OFFSET"
                .formatted(topics.getFirst(), named.number()));
      }
      TopicPartition partition =
          new TopicPartition(
              named.topic().isEmpty() ? topics.getFirst() : named.topic(), named.number());
      if (!ends.containsKey(partition)) {
        throw new Unavailable("there is no partition %s".formatted(partition));
      }
      return partition;
    }
  }
}
