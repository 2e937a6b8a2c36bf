package dev.tidemark.invalidator.live;

import dev.tidemark.cache.store.EvictionRequest;
import dev.tidemark.invalidation.EventReading;
import dev.tidemark.invalidator.events.DeadLetter;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/// Records that were read and are not applied yet: the newest version of each key, the dead
/// letters, and the results to report when all of it is done. Finished parts are removed one by
/// one, so that a second attempt repeats only the rest. Confined to one thread.
final class PendingEvictions {

  /// Eviction of one key. Repeats of a key are merged into the newest version.
  private static final class Newest {
    private long version;
    private final List<Instant> committed = new ArrayList<>(1);
  }

  private final Map<String, Newest> byVersion = new LinkedHashMap<>();
  private final Set<String> byForce = new LinkedHashSet<>();
  private final List<DeadLetter> deadLetters = new ArrayList<>();
  private final Map<TopicPartition, Long> offsets = new HashMap<>();
  private final List<Duration> times = new ArrayList<>();

  void add(ConsumerRecord<byte[], byte[]> record, EventReading reading) {
    reading.keys().forEach(key -> add(key, reading));
    reading.fault().ifPresent(fault -> deadLetters.add(new DeadLetter(record, fault)));
  }

  /// Notes that all records before this offset were added.
  void read(TopicPartition partition, long offset) {
    offsets.put(partition, offset);
  }

  private void add(String key, EventReading reading) {
    if (reading.byForce()) {
      byForce.add(key);
      return;
    }
    Newest newest = byVersion.computeIfAbsent(key, _ -> new Newest());
    newest.version = Math.max(newest.version, reading.version().orElseThrow());
    reading.committed().ifPresent(newest.committed::add);
  }

  /// Adds an eviction by force: the entry must go whatever it holds, because its correctness is
  /// unknown.
  void force(String key) {
    byForce.add(key);
  }

  boolean isEmpty() {
    return byVersion.isEmpty() && byForce.isEmpty() && deadLetters.isEmpty();
  }

  /// Returns the evictions by version, in order of arrival, one for each key.
  List<EvictionRequest> requests() {
    return byVersion.entrySet().stream()
        .map(entry -> new EvictionRequest(entry.getKey(), entry.getValue().version))
        .toList();
  }

  /// Returns the keys whose version is not known.
  List<String> forced() {
    return List.copyOf(byForce);
  }

  List<DeadLetter> deadLetters() {
    return List.copyOf(deadLetters);
  }

  /// Notes that an eviction by version was applied.
  void evicted(String key, Instant now) {
    Newest done = byVersion.remove(key);
    if (done != null) {
      done.committed.forEach(committed -> times.add(Duration.between(committed, now)));
    }
  }

  void evictedByForce(String key) {
    byForce.remove(key);
  }

  void deadLettersSent() {
    deadLetters.clear();
  }

  /// Forgets partitions that now belong to another consumer, or begin again at their committed
  /// offsets: their offsets must not be committed here. The evictions stay, because an eviction
  /// that is applied twice does no harm (H38).
  void forget(Collection<TopicPartition> partitions) {
    offsets.keySet().removeAll(new HashSet<>(partitions));
  }

  /// Drops everything, because all of it will be read again. Evictions by force stay, because a
  /// missing version is noticed only once.
  void clear() {
    byVersion.clear();
    deadLetters.clear();
    offsets.clear();
    times.clear();
  }

  /// Result of a batch that was applied completely.
  ///
  /// @param offsets by partition, the offset of the next record
  /// @param times time from the commit to the eviction, for each change; reported only here, so
  ///   that none is reported twice when some of it is read again
  record Done(Map<TopicPartition, Long> offsets, List<Duration> times) {}

  /// Returns what is done, and begins again.
  Done done() {
    if (!isEmpty()) {
      throw new IllegalStateException("not all is applied");
    }
    Done done = new Done(Map.copyOf(offsets), List.copyOf(times));
    offsets.clear();
    times.clear();
    return done;
  }
}
