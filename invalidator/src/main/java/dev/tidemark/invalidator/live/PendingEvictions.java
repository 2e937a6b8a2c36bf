package dev.tidemark.invalidator.live;

import dev.tidemark.cache.store.EvictionRequest;
import dev.tidemark.event.kafka.EventReading;
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

/// What was read and is not applied yet: the newest version of each key, the dead letters, and what
/// there is to tell when all of it is done. What is done leaves one by one, so that a second try
/// repeats only the rest. Confined to one thread.
final class PendingEvictions {

  /// One key's eviction. Repeats of a key come to the newest version.
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

  /// All before this offset was added.
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

  /// Whatever is there has to go: nobody knows what it is worth.
  void force(String key) {
    byForce.add(key);
  }

  boolean isEmpty() {
    return byVersion.isEmpty() && byForce.isEmpty() && deadLetters.isEmpty();
  }

  /// The evictions by version, in order of arrival, one for each key.
  List<EvictionRequest> requests() {
    return byVersion.entrySet().stream()
        .map(entry -> new EvictionRequest(entry.getKey(), entry.getValue().version))
        .toList();
  }

  /// The keys whose version is not known.
  List<String> forced() {
    return List.copyOf(byForce);
  }

  List<DeadLetter> deadLetters() {
    return List.copyOf(deadLetters);
  }

  /// An eviction by version was applied.
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

  /// The partitions are another consumer's by now, or begin again where they were committed: their
  /// offsets are not to be committed here. The evictions stay; applied twice they do no harm (H38).
  void forget(Collection<TopicPartition> partitions) {
    offsets.keySet().removeAll(new HashSet<>(partitions));
  }

  /// All of it will be read again. What is to go by force stays: that a version is missing is
  /// noticed once.
  void clear() {
    byVersion.clear();
    deadLetters.clear();
    offsets.clear();
    times.clear();
  }

  /// All of it was applied.
  ///
  /// @param offsets by partition, the offset of the next record
  /// @param times of each change, how long after its commit it was evicted: told here and not
  ///   before, so that none is told twice when some of it is read again
  record Done(Map<TopicPartition, Long> offsets, List<Duration> times) {}

  /// Hands out what is done, and begins anew.
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
