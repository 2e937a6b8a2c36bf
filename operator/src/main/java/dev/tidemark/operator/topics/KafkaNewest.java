package dev.tidemark.operator.topics;

import dev.tidemark.invalidation.KafkaSettings;
import dev.tidemark.operator.run.Deadline;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/// Reads the newest records of partitions with known bounds, within a time.
public final class KafkaNewest {

  /// Number of records that is enough to learn the purpose of a topic: among them may be the
  /// markers of transactions.
  public static final int FEW = 20;

  private static final Duration POLL = Duration.ofMillis(100);

  private KafkaNewest() {}

  /// Passes on what is committed between starts and ends.
  ///
  /// @param ends may hold more partitions
  /// @throws TimeoutException when not all of it is read in time
  /// @throws org.apache.kafka.common.KafkaException when it may not be read
  public static void read(
      KafkaSettings settings,
      Map<TopicPartition, Long> starts,
      Map<TopicPartition, Long> ends,
      Deadline deadline,
      Consumer<ConsumerRecord<byte[], byte[]>> reader)
      throws TimeoutException {
    Map<TopicPartition, Long> open = new HashMap<>(starts);
    open.entrySet().removeIf(start -> start.getValue() >= ends.getOrDefault(start.getKey(), 0L));
    if (open.isEmpty()) {
      return;
    }
    KafkaConsumer<byte[], byte[]> consumer = consumer(settings, deadline);
    try {
      consumer.assign(open.keySet());
      open.forEach(consumer::seek);
      while (!open.isEmpty()) {
        if (deadline.isOver()) {
          throw new TimeoutException(open.keySet() + " are not read to their ends");
        }
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
          TopicPartition partition = new TopicPartition(record.topic(), record.partition());
          if (record.offset() < ends.getOrDefault(partition, 0L)) {
            reader.accept(record);
          }
        }
        // The markers of transactions have offsets but no record.
        open.keySet()
            .removeIf(
                partition -> consumer.position(partition) >= ends.getOrDefault(partition, 0L));
      }
    } finally {
      consumer.close(CloseOptions.timeout(Duration.ZERO));
    }
  }

  private static KafkaConsumer<byte[], byte[]> consumer(KafkaSettings settings, Deadline deadline) {
    Map<String, Object> own = settings.committedOnly().forClient();
    int millis = Math.max(1, Math.toIntExact(deadline.left().toMillis()));
    own.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    own.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    own.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    own.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, Math.toIntExact(POLL.toMillis()));
    own.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, millis);
    own.put(ConsumerConfig.REQUEST_TIMEOUT_MS_CONFIG, millis);
    return new KafkaConsumer<>(own, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }
}
