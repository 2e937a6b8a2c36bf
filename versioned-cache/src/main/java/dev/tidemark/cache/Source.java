package dev.tidemark.cache;

/// The truth behind one key: reads the primary of the database, never a replica (H12).
///
/// Called at most once for each read of the cache, and not by every one; on the calling thread.
@FunctionalInterface
public interface Source {

  /// The committed state now: a [CachedValue.Absent] with the version of the delete, or with 0 when
  /// there is no row.
  CachedValue read() throws Exception;
}
