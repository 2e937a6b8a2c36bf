package dev.tidemark.invalidation;

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

/// Notices that a version is missing between two versions of one aggregate: its events come in
/// order and without a hole, so one was lost. The check is per aggregate, not per partition, so
/// that a change of the number of partitions matters at most once (H39).
///
/// Reports only certain gaps: an aggregate that is seen for the first time here, a state told again
/// (`tidemark-resync`), and history that may be compacted (H40) are accepted without a check.
///
/// Bounded: an aggregate that did not change while very many others did is dropped. Confined to one
/// thread.
public final class VersionGaps {

  /// Largest number of aggregates, at about 200 bytes each.
  private static final int MOST_AGGREGATES = 200_000;

  /// Age below which records are not compacted: the `min.compaction.lag.ms` with which the relay
  /// creates topics, less an allowance for clocks that differ.
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

  /// Versions that are missing before a record.
  ///
  /// @param key of the entry
  /// @param after the newest version that came before
  /// @param before the one that comes now
  public record Gap(String key, long after, long before) {}

  /// Takes every record, in order, and returns the gap before it. A record that comes again is no
  /// gap. In a record that breaks the contract nothing is trusted, except that it may have been the
  /// next version: a dead letter is not lost.
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

  /// Returns whether the versions before that of the record must be in its topic.
  public static boolean isSure(ConsumerRecord<?, ?> record, Clock clock) {
    return record.headers().lastHeader(EventHeaders.RESYNC) == null
        && record.timestamp() > clock.instant().minus(UNCOMPACTED).toEpochMilli();
  }

  /// Forgets partitions that another consumer now reads, since their next records are not seen
  /// here.
  public void forget(Collection<TopicPartition> partitions) {
    Set<TopicPartition> gone = Set.copyOf(partitions);
    newest.values().removeIf(known -> gone.contains(known.topicPartition()));
  }
}
