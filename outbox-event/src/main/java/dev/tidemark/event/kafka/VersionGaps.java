package dev.tidemark.event.kafka;

import dev.tidemark.event.EventHeaders;
import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/// Notices that a version is missing between two of one aggregate: its events come in order and
/// without a hole, so one was lost. Per aggregate, not per partition: another number of partitions
/// makes no difference but once (H39).
///
/// Judges only what is sure: an aggregate that is seen for the first time here, a state told again
/// (`tidemark-resync`), and history that may be compacted (H40) are taken as they come.
///
/// Bounded: an aggregate that rested while very many others changed is forgotten. Confined to one
/// thread.
public final class VersionGaps {

  /// At some 200 bytes each.
  private static final int MOST_AGGREGATES = 200_000;

  /// The `min.compaction.lag.ms` with which the relay makes topics, less what clocks may differ.
  private static final Duration UNCOMPACTED = Duration.ofDays(7).minusHours(1);

  private final Clock clock;

  private record Newest(String topic, int partition, long version) {
    TopicPartition topicPartition() {
      return new TopicPartition(topic, partition);
    }
  }

  private final LinkedHashMap<String, Newest> newest =
      new LinkedHashMap<>(1024, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Newest> eldest) {
          return size() > MOST_AGGREGATES;
        }
      };

  public VersionGaps(Clock clock) {
    this.clock = clock;
  }

  /// What is missing before a record.
  ///
  /// @param key of the entry
  /// @param after the newest version that came before
  /// @param before the one that comes now
  public record Gap(String key, long after, long before) {}

  /// To be told every record, in order. One that comes again is no gap. Of one that breaks the
  /// contract nothing is believed, but that it may have been the next version: a dead letter is not
  /// lost.
  public Optional<Gap> before(ConsumerRecord<byte[], byte[]> record, EventReading reading) {
    OptionalLong version = reading.version();
    if (reading.keys().isEmpty() || version.isEmpty()) {
      return Optional.empty();
    }
    String key = reading.keys().getFirst();
    Newest known = newest.get(key);
    long now = version.getAsLong();
    if (reading.fault().isPresent() && (known == null || now != known.version() + 1)) {
      return Optional.empty();
    }
    if (known == null || known.version() < now) {
      newest.put(key, new Newest(record.topic(), record.partition(), now));
    }
    return known != null && now > known.version() + 1 && isSure(record, clock)
        ? Optional.of(new Gap(key, known.version(), now))
        : Optional.empty();
  }

  /// Whether the versions before that of the record must be in its topic.
  public static boolean isSure(ConsumerRecord<?, ?> record, Clock clock) {
    return record.headers().lastHeader(EventHeaders.RESYNC) == null
        && record.timestamp() > clock.instant().minus(UNCOMPACTED).toEpochMilli();
  }

  /// Another consumer goes on with these: what comes there is not seen here.
  public void forget(Collection<TopicPartition> partitions) {
    Set<TopicPartition> gone = Set.copyOf(partitions);
    newest.values().removeIf(known -> gone.contains(known.topicPartition()));
  }
}
