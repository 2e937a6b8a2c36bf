package dev.tidemark.cache;

import dev.tidemark.cache.store.CachedValue;
import java.util.Map;
import java.util.Set;

/// Source of many keys, as [Source] is the source of one: one query for all keys that the cache
/// does not have.
@FunctionalInterface
public interface BulkSource {

  /// Returns the committed state of each key now. A key without a value in the answer has no row:
  /// it counts as absent at version 0.
  Map<String, CachedValue> read(Set<String> keys) throws Exception;
}
