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

/// How far this consumer is behind on its partitions, in events and in seconds.
///
/// Thread-safe: the consumer's thread tells what it reads, [KafkaWatch] how many events are left,
/// others ask.
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

  /// By name, in order.
  synchronized List<String> partitions() {
    return assigned.stream().map(TopicPartition::toString).sorted().toList();
  }

  /// Some records are about to be applied.
  ///
  /// @param oldest the earliest of their times
  public synchronized void read(Instant oldest) {
    oldestRead = Optional.of(oldest);
  }

  /// So many records were behind the committed offsets just now.
  synchronized void sees(long count) {
    events = OptionalLong.of(count);
    if (count == 0 && !assigned.isEmpty()) {
      noneAtNanos = OptionalLong.of(nanoTime.getAsLong());
    }
  }

  synchronized void clear() {
    events = OptionalLong.empty();
  }

  /// Records between the committed offsets of this consumer's partitions and their ends; empty
  /// while it is not known.
  synchronized OptionalLong events() {
    return events;
  }

  /// The age of the oldest event that is not applied; empty while it is not known.
  ///
  /// That of the last that were read, as there is none older; but it has not been behind for longer
  /// than since it was last not behind at all.
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
