package dev.tidemark.invalidator.status;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.LongSupplier;
import org.apache.kafka.common.TopicPartition;

/// Lag of this consumer on its partitions, in events and in seconds.
///
/// Thread-safe: the consumer's thread reports what it reads, [KafkaWatch] reports how many events
/// are left, and others read.
public final class KafkaLag {

  private final Clock clock;
  private final LongSupplier nanoTime;

  private Set<TopicPartition> assigned = Set.of();
  private OptionalLong events = OptionalLong.empty();
  private OptionalLong noneAtNanos = OptionalLong.empty();
  private Optional<Instant> oldestRead = Optional.empty();

  /// @param clock that the times of records are compared with
  /// @param nanoTime as [System#nanoTime]
  public KafkaLag(Clock clock, LongSupplier nanoTime) {
    this.clock = clock;
    this.nanoTime = nanoTime;
  }

  public synchronized void assigned(Set<TopicPartition> partitions) {
    assigned = Set.copyOf(partitions);
    noneAtNanos = OptionalLong.empty();
  }

  synchronized Set<TopicPartition> assigned() {
    return assigned;
  }

  /// Returns the partitions by name, in order.
  synchronized List<String> partitions() {
    return assigned.stream().map(TopicPartition::toString).sorted().toList();
  }

  /// Notes that some records are about to be applied.
  ///
  /// @param oldest the earliest of their times
  public synchronized void read(Instant oldest) {
    oldestRead = Optional.of(oldest);
  }

  /// Notes how many records were behind the committed offsets just now.
  synchronized void sees(long count) {
    events = OptionalLong.of(count);
    if (count == 0 && !assigned.isEmpty()) {
      noneAtNanos = OptionalLong.of(nanoTime.getAsLong());
    }
  }

  synchronized void clear() {
    events = OptionalLong.empty();
  }

  /// Returns the number of records between the committed offsets of this consumer's partitions and
  /// their ends; empty while it is not known.
  synchronized OptionalLong events() {
    return events;
  }

  /// Returns the age of the oldest event that is not applied; empty while it is not known.
  ///
  /// This is the age of the last events that were read, since none is older. But the lag cannot be
  /// longer than the time since there was last no lag.
  synchronized Optional<Duration> time() {
    if (events.isEmpty()) {
      return Optional.empty();
    }
    if (events.getAsLong() == 0) {
      return Optional.of(Duration.ZERO);
    }
    Optional<Duration> age = oldestRead.map(oldest -> Duration.between(oldest, clock.instant()));
    if (noneAtNanos.isEmpty()) {
      return age;
    }
    Duration behind = Duration.ofNanos(nanoTime.getAsLong() - noneAtNanos.getAsLong());
    return Optional.of(age.filter(time -> time.compareTo(behind) < 0).orElse(behind));
  }
}
