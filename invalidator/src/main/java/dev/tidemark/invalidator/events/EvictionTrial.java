package dev.tidemark.invalidator.events;

import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.cache.store.CacheKey;
import dev.tidemark.cache.store.EntryStoreException;
import java.util.List;
import java.util.stream.Stream;

/// Evictions that change nothing, to find out whether Redis takes any: one that answers reads and
/// refuses writes lets entries grow old (H60). Immutable.
///
/// @param keys beside those of the entries, one for each kind that the topics' names speak of, and
///   one of products: the events tell the kind, and a topic may have any name. It is enough when
///   one key may be written; of the others the first event shows it
public record EvictionTrial(List<String> keys) {

  public EvictionTrial {
    keys = List.copyOf(keys);
  }

  public static EvictionTrial of(List<String> topics) {
    return new EvictionTrial(
        Stream.concat(
                topics.stream().map(EventReading::aggregateType),
                Stream.of(EventReading.DEFAULT_AGGREGATE_TYPE))
            .distinct()
            .map(type -> CacheKey.of(type, "#check"))
            .toList());
  }

  /// Tries one eviction after the other until one is taken.
  ///
  /// @throws EntryStoreException when Redis does not answer, or refuses; the message says what it
  ///   takes
  public void on(RedisConnection redis) {
    EntryStoreException refusal = null;
    for (String key : keys) {
      try {
        redis.tryEviction(key);
        return;
      } catch (EntryStoreException e) {
        refusal = refusal == null ? e : refusal;
        if (e.fault() != EntryStoreException.Fault.UNWRITABLE) {
          break;
        }
      }
    }
    if (refusal != null) {
      throw refusal;
    }
  }
}
