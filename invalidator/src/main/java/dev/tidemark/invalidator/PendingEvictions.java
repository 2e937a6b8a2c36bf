package dev.tidemark.invalidator;

import dev.tidemark.cache.EvictionRequest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/// What was read and is not applied yet: the newest version of each key, the dead letters, and the
/// offsets to commit when all of it is done. What is done leaves one by one, so that a second try
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

  void add(ConsumerRecord<byte[], byte[]> record, EventReading reading) {
    reading.key().ifPresent(key -> add(key, reading));
    reading.fault().ifPresent(fault -> deadLetters.add(new DeadLetter(record, fault)));
    offsets.put(new TopicPartition(record.topic(), record.partition()), record.offset() + 1);
  }

  private void add(String key, EventReading reading) {
    OptionalLong version = reading.version();
    if (version.isEmpty()) {
      byForce.add(key);
      return;
    }
    Newest newest = byVersion.computeIfAbsent(key, _ -> new Newest());
    newest.version = Math.max(newest.version, version.getAsLong());
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
  ///
  /// @return when the changes that it stands for were committed
  List<Instant> evicted(String key) {
    Newest done = byVersion.remove(key);
    return done == null ? List.of() : done.committed;
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
  }

  /// Hands out the offsets that everything up to was applied, and begins anew.
  ///
  /// @return by partition, the offset of the next record
  Map<TopicPartition, Long> applied() {
    if (!isEmpty()) {
      throw new IllegalStateException("not all is applied");
    }
    Map<TopicPartition, Long> applied = Map.copyOf(offsets);
    offsets.clear();
    return applied;
  }
}
