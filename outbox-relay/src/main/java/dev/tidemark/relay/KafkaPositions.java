package dev.tidemark.relay;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tidemark.relay.PublishedRows.Progress;
import dev.tidemark.relay.PublishedRows.Rows;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;
import org.postgresql.replication.LogSequenceNumber;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The progress of the relay, kept in a Kafka topic so that it is one transaction with the events
/// that it speaks of.
///
/// A log of what each batch added, not a state that is written over: a record is as small as its
/// batch. After a restart only its end is read, back to where everything older is past.
///
/// Record: key `<system identifier of the server>/<slot>`; value
/// `{"after":"0/16B3748","rows":[[transaction id, hash of the first row's id, count], …]}`.
final class KafkaPositions {
  static final String TOPIC = "tidemark.relay.positions";

  private static final Logger log = LoggerFactory.getLogger(KafkaPositions.class);
  private static final TopicPartition PARTITION = new TopicPartition(TOPIC, 0);
  private static final Duration POLL = Duration.ofMillis(200);

  /// Longer than a transaction of another relay may stay open, a minute unless configured.
  private static final Duration READ_LIMIT = Duration.ofSeconds(90);

  private static final long FIRST_STEP_BACK = 1_000;
  private static final ObjectMapper json = new ObjectMapper();

  private final Map<String, Object> settings;
  private final String key;
  private final LogSequenceNumber restart;

  /// @param slot where the slot stands, before this relay has confirmed anything
  KafkaPositions(Configuration configuration, SlotState slot) {
    this.settings = configuration.kafka();
    this.key = slot.owner(configuration.slot());
    this.restart = slot.restart();
  }

  private record Stored(@Nullable String after, List<long[]> rows) {}

  ProducerRecord<byte[], byte[]> record(Progress progress) {
    var stored =
        new Stored(
            progress.precedingCommit().map(LogSequenceNumber::asString).orElse(null),
            progress.rows().stream()
                .map(r -> new long[] {r.transactionId(), r.firstRow(), r.count()})
                .toList());
    try {
      return new ProducerRecord<>(TOPIC, 0, key.getBytes(UTF_8), json.writeValueAsBytes(stored));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("progress could not be written as JSON: " + progress, e);
    }
  }

  /// What was published of the transactions that the slot has not let go of.
  PublishedRows read() {
    settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    // Closing waits for the fetch under way, which at the end of the topic lasts as long as this.
    settings.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 20);
    try (var consumer =
        new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      consumer.assign(List.of(PARTITION));
      long begin = consumer.beginningOffsets(List.of(PARTITION)).getOrDefault(PARTITION, 0L);
      long end = end();
      for (long step = FIRST_STEP_BACK; ; step *= 10) {
        long from = Math.max(begin, end - step);
        var newestFirst = readBetween(consumer, from, end);
        var needed = sinceRestart(newestFirst);
        if (needed.size() < newestFirst.size() || from == begin) {
          var published = new PublishedRows();
          needed.forEach(published::add);
          log.atInfo()
              .addKeyValue("restart", restart.asString())
              .addKeyValue("batches", needed.size())
              .log("progress read back");
          return published;
        }
      }
    }
  }

  /// The end of all records, committed or not. A `read_committed` consumer's own end lies before
  /// the first open transaction: another relay's could hide what this one's predecessor has
  /// committed.
  private long end() {
    try (var admin = Admin.create(settings)) {
      return admin
          .listOffsets(Map.of(PARTITION, OffsetSpec.latest()))
          .partitionResult(PARTITION)
          .get()
          .offset();
    } catch (ExecutionException e) {
      throw new KafkaException("the end of topic " + TOPIC + " is not known", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KafkaException("interrupted while asking for the end of topic " + TOPIC, e);
    }
  }

  private Deque<Progress> readBetween(KafkaConsumer<byte[], byte[]> consumer, long from, long end) {
    var newestFirst = new ArrayDeque<Progress>();
    consumer.seek(PARTITION, from);
    long giveUp = System.nanoTime() + READ_LIMIT.toNanos();
    while (consumer.position(PARTITION) < end) {
      if (System.nanoTime() > giveUp) {
        throw new KafkaException(
            "topic %s was not readable to its end %d within %s: stood at %d"
                .formatted(TOPIC, end, READ_LIMIT, consumer.position(PARTITION)));
      }
      for (var stored : consumer.poll(POLL).records(PARTITION)) {
        if (Arrays.equals(stored.key(), key.getBytes(UTF_8))) {
          newestFirst.addFirst(parse(stored));
        }
      }
    }
    return newestFirst;
  }

  /// The newest batches, down to the one before which everything is past; all of them where there
  /// is none such.
  private List<Progress> sinceRestart(Deque<Progress> newestFirst) {
    var needed = new ArrayList<Progress>();
    for (var progress : newestFirst) {
      needed.add(progress);
      if (progress.precedingCommit().filter(c -> c.compareTo(restart) <= 0).isPresent()) {
        break;
      }
    }
    return needed;
  }

  private static Progress parse(ConsumerRecord<byte[], byte[]> stored) {
    try {
      var value = json.readValue(stored.value(), Stored.class);
      return new Progress(
          Optional.ofNullable(value.after()).map(LogSequenceNumber::valueOf),
          value.rows().stream()
              .map(r -> new Rows(r[0], Math.toIntExact(r[1]), Math.toIntExact(r[2])))
              .toList());
    } catch (IOException | RuntimeException e) {
      throw new KafkaException(
          "the progress at offset %d of topic %s cannot be read: was it written by something else?"
              .formatted(stored.offset(), TOPIC),
          e);
    }
  }
}
