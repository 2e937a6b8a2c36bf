package dev.tidemark.cache.redis;

import dev.tidemark.cache.store.CacheKey;
import dev.tidemark.cache.store.EntryStoreException;
import java.util.List;

/// Evictions that change nothing. They show whether Redis accepts evictions: a server that answers
/// reads and refuses writes lets entries grow old (H60). Immutable.
///
/// @param keys beside those of the entries, one for each kind of aggregate that may be evicted. It
///   is enough when one key may be written; of the others the first event shows it
public record EvictionTrial(List<String> keys) {

  public EvictionTrial {
    keys = List.copyOf(keys);
  }

  /// A trial with a key for each kind of aggregate.
  public static EvictionTrial of(List<String> aggregateTypes) {
    return new EvictionTrial(
        aggregateTypes.stream().map(type -> CacheKey.of(type, "#check")).toList());
  }

  /// Tries the evictions one by one until Redis accepts one.
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
