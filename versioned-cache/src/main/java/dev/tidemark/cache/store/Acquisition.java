package dev.tidemark.cache.store;

/// Answer to a reader that asked for the lease to fill a key.
public sealed interface Acquisition {

  /// The reader has the lease. It may now read the source, and then fill.
  record Acquired() implements Acquisition {}

  /// No lease is needed: the value is there.
  record AlreadyCached(CachedValue value) implements Acquisition {}

  /// Another reader holds the lease.
  record BeingFilled(long floor) implements Acquisition {}
}
