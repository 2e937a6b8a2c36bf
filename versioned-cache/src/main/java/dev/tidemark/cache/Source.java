package dev.tidemark.cache;

import dev.tidemark.cache.store.CachedValue;

/// Source of one key. It reads the primary of the database, never a replica (H12).
///
/// Not called by every read of the cache. It may be called on another thread, and after the read
/// has returned: a popular entry is renewed in the background.
@FunctionalInterface
public interface Source {

  /// Returns the committed state now: a [CachedValue.Absent] with the version of the delete, or
  /// with 0 when there is no row.
  CachedValue read() throws Exception;
}
