package dev.tidemark.invalidator.events;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemark.event.EventHeaders;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/// Records whose letters are already in the topics of dead letters, whoever sent them. A record is
/// read again after a crash between letter and commit, or when a group is set back, and must still
/// have only one letter. Confined to one thread.
///
/// Bounded: when there are very many letters, the oldest are dropped, and may be sent twice.
final class DeadLettersSent implements AutoCloseable {

  /// Largest number of records, at about 150 bytes each.
  private static final int MOST = 100_000;

  private static final Duration POLL = Duration.ofMillis(100);

  private final KafkaConsumer<byte[], byte[]> consumer;
  private final Duration patience;

  /// Position of the reader, by partition of a topic of dead letters.
  private final Map<TopicPartition, Long> read = new HashMap<>();

  private final Map<Origin, Boolean> sent =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Origin, Boolean> eldest) {
          return size() > MOST;
        }
      };

  /// The record that a letter is about.
  ///
  /// @param key hash of its key, because a topic that was created again counts from 0
  private record Origin(String topic, String partition, String offset, int key) {}

  private DeadLettersSent(KafkaConsumer<byte[], byte[]> consumer, Duration patience) {
    this.consumer = consumer;
    this.patience = patience;
  }

  /// Opens a consumer. Reads nothing yet.
  ///
  /// @param settings for any Kafka client
  /// @param patience how long one [#readToEnd] may take
  static DeadLettersSent open(Map<String, Object> settings, Duration patience) {
    Map<String, Object> own = new HashMap<>(settings);
    own.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    own.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    own.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    own.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) patience.toMillis());
    own.put(ConsumerConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) patience.toMillis() / 2);
    return new DeadLettersSent(
        new KafkaConsumer<>(own, new ByteArrayDeserializer(), new ByteArrayDeserializer()),
        patience);
  }

  /// Returns when all letters are known that the topic holds now.
  ///
  /// @throws KafkaException when that is not possible now; the next call continues from there
  void readToEnd(String topic) {
    List<TopicPartition> partitions =
        consumer.partitionsFor(topic).stream()
            .map(partition -> new TopicPartition(topic, partition.partition()))
            .toList();
    Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
    if (isReadUpTo(ends)) {
      return;
    }
    consumer.assign(partitions);
    consumer.seekToBeginning(partitions.stream().filter(p -> !read.containsKey(p)).toList());
    partitions.stream()
        .filter(read::containsKey)
        .forEach(partition -> consumer.seek(partition, read.getOrDefault(partition, 0L)));
    long progress = System.nanoTime();
    while (!isReadUpTo(ends)) {
      for (ConsumerRecord<byte[], byte[]> letter : consumer.poll(POLL)) {
        origin(letter).ifPresent(origin -> sent.put(origin, true));
        progress = System.nanoTime();
      }
      partitions.forEach(partition -> read.put(partition, consumer.position(partition)));
      if (System.nanoTime() - progress > patience.toNanos()) {
        throw new TimeoutException(
            "the letters in %s were not read within %d s".formatted(topic, patience.toSeconds()));
      }
    }
  }

  private boolean isReadUpTo(Map<TopicPartition, Long> ends) {
    return ends.entrySet().stream()
        .allMatch(end -> read.getOrDefault(end.getKey(), 0L) >= end.getValue());
  }

  /// Returns whether the record of this letter has one, as far as the topics of dead letters were
  /// read.
  boolean has(DeadLetter letter) {
    return sent.containsKey(origin(letter));
  }

  private static Origin origin(DeadLetter letter) {
    ConsumerRecord<byte[], byte[]> record = letter.record();
    return new Origin(
        record.topic(),
        Integer.toString(record.partition()),
        Long.toString(record.offset()),
        Arrays.hashCode(record.key()));
  }

  /// Returns the record that a letter is about; empty for a letter of the relay, which has read no
  /// record.
  private static Optional<Origin> origin(ConsumerRecord<byte[], byte[]> letter) {
    Optional<String> partition = header(letter, EventHeaders.DEAD_LETTER_PARTITION);
    Optional<String> offset = header(letter, EventHeaders.DEAD_LETTER_OFFSET);
    return partition.isEmpty() || offset.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new Origin(
                header(letter, EventHeaders.DEAD_LETTER_TOPIC).orElse(""),
                partition.get(),
                offset.get(),
                Arrays.hashCode(letter.key())));
  }

  private static Optional<String> header(ConsumerRecord<byte[], byte[]> letter, String name) {
    Header header = letter.headers().lastHeader(name);
    return header == null || header.value() == null
        ? Optional.empty()
        : Optional.of(new String(header.value(), UTF_8));
  }

  @Override
  public void close() {
    consumer.close();
  }
}
