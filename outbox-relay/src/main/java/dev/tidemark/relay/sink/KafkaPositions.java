package dev.tidemark.relay.sink;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tidemark.relay.settings.Configuration;
import dev.tidemark.relay.sink.PublishedRows.Progress;
import dev.tidemark.relay.sink.PublishedRows.Rows;
import dev.tidemark.relay.status.SlotState;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.postgresql.replication.LogSequenceNumber;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Progress of the relay, kept in a Kafka topic so that it is in one transaction with the events
/// that it describes.
///
/// It is a log of what each batch added, not a state that is overwritten: a record is as small as
/// its batch. After a restart only its end is read, back to where everything older is past.
///
/// Record: key `<system identifier of the server>/<slot>`; value
/// `{"after":"0/16B3748","rows":[[transaction id, hash of the first row's id, count], …],
/// "reach":"0/16B3750","timeline":1}`, where only `rows` is in every record.
public final class KafkaPositions {
  public static final String TOPIC = "tidemark.relay.positions";

  private static final Logger log = LoggerFactory.getLogger(KafkaPositions.class);
  private static final TopicPartition PARTITION = new TopicPartition(TOPIC, 0);
  private static final long FIRST_STEP_BACK = 1_000;
  private static final ObjectMapper json = new ObjectMapper();

  private final Map<String, Object> settings;
  private final String key;
  private final LogSequenceNumber restart;
  private final Consumer<String> doing;

  /// Creates it as the other constructor does, without a report of what is waited for.
  public KafkaPositions(Configuration configuration, SlotState slot) {
    this(configuration, slot, doing -> {});
  }

  /// @param slot where the slot stands, before this relay has confirmed anything; one that is gone
  ///   hands nothing out again
  /// @param doing receives a description of what is waited for
  public KafkaPositions(Configuration configuration, SlotState slot, Consumer<String> doing) {
    this.doing = doing;
    this.settings = configuration.kafka();
    this.key = slot.owner();
    this.restart = slot.restart();
  }

  @JsonInclude(JsonInclude.Include.NON_NULL)
  private record Stored(
      @Nullable String after,
      List<long[]> rows,
      @Nullable String reach,
      @Nullable Integer timeline) {}

  public ProducerRecord<byte[], byte[]> record(Progress progress) {
    var stored =
        new Stored(
            progress.precedingCommit().map(LogSequenceNumber::asString).orElse(null),
            progress.rows().stream()
                .map(r -> new long[] {r.transactionId(), r.firstRow(), r.count()})
                .toList(),
            progress.reach().map(r -> r.lsn().asString()).orElse(null),
            progress.reach().map(ConfirmedLimit::timeline).orElse(null));
    try {
      return new ProducerRecord<>(TOPIC, 0, key.getBytes(UTF_8), json.writeValueAsBytes(stored));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("progress could not be written as JSON: " + progress, e);
    }
  }

  /// Returns what the earlier relays have recorded.
  public TakenOver read() {
    try (var records = KafkaCommittedRecords.open(settings, doing)) {
      long begin = records.beginnings(List.of(PARTITION)).getOrDefault(PARTITION, 0L);
      long end = records.ends(List.of(PARTITION)).getOrDefault(PARTITION, 0L);
      for (long step = FIRST_STEP_BACK; ; step *= 10) {
        long from = Math.max(begin, end - step);
        var newestFirst = new ArrayDeque<Progress>();
        records.read(
            Map.of(PARTITION, from),
            Map.of(PARTITION, end),
            stored -> {
              if (Arrays.equals(stored.key(), key.getBytes(UTF_8))) {
                newestFirst.addFirst(parse(stored));
              }
            });
        var needed = sinceRestart(newestFirst);
        if (needed.size() < newestFirst.size() || from == begin) {
          var reach = newestFirst.stream().flatMap(p -> p.reach().stream()).findFirst();
          log.atInfo()
              .addKeyValue("restart", restart.asString())
              .addKeyValue("batches", needed.size())
              .addKeyValue("reach", reach.map(r -> r.lsn().asString()).orElse("unknown"))
              .log("read the recorded progress");
          return new TakenOver(published(needed), reach);
        }
      }
    }
  }

  private static PublishedRows published(List<Progress> batches) {
    var published = new PublishedRows();
    batches.forEach(published::add);
    return published;
  }

  /// Returns the newest batches, down to the one before which everything is past; all of them where
  /// there is no such batch.
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
              .toList(),
          value.reach() == null || value.timeline() == null
              ? Optional.empty()
              : Optional.of(
                  new ConfirmedLimit(value.timeline(), LogSequenceNumber.valueOf(value.reach()))));
    } catch (IOException | RuntimeException e) {
      throw new KafkaException(
          "the progress at offset %d of topic %s cannot be read: was it written by something else?"
              .formatted(stored.offset(), TOPIC),
          e);
    }
  }
}
