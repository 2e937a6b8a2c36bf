package dev.tidemark.cache;

import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.cache.store.EntryStoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Compares a value that was seen in the store with what the source returned afterwards, and
/// removes a value that the source disproves: a version that the source has not reached, or another
/// state of the same version. Thread-safe.
///
/// The source is the primary, and was read after the value was seen, so a value that came from it
/// is never newer. Only the value that was seen is removed, byte for byte.
final class Disproof {

  private static final Logger log = LoggerFactory.getLogger(Disproof.class);

  private final EntryStore store;
  private final NearCache near;
  private final CacheMetrics metrics;

  Disproof(EntryStore store, NearCache near, CacheMetrics metrics) {
    this.store = store;
    this.near = near;
    this.metrics = metrics;
  }

  /// Removes the value if it is disproved. Best effort.
  ///
  /// @param seen found in the store before the source was read
  /// @param now state that the source returned
  void check(String key, CachedValue seen, CachedValue now) {
    if (seen.version() < now.version() || seen.equals(now)) {
      return;
    }
    near.drop(key, seen);
    try {
      if (store.evictSeen(key, seen)) {
        metrics.removed();
        log.atWarn()
            .addKeyValue("key", key)
            .addKeyValue("cached", seen.version())
            .addKeyValue("source", now.version())
            .log("removed a cache entry that is newer than the source");
      }
    } catch (EntryStoreException e) {
      log.atDebug().addKeyValue("key", key).setCause(e).log("not removed");
    }
  }
}
