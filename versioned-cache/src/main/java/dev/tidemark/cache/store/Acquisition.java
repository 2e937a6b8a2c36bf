package dev.tidemark.cache.store;

/// The answer to a reader that asked for the lease to fill a key.
public sealed interface Acquisition {

  /// The lease is the asker's: it may now read the source, and then fill.
  record Acquired() implements Acquisition {}

  /// No need: the value is there.
  record AlreadyCached(CachedValue value) implements Acquisition {}

  /// Another reader holds the lease.
  record BeingFilled(long floor) implements Acquisition {}
}
