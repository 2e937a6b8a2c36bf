package dev.tidemark.cache.store;

/// Content of a key that was looked up.
public sealed interface Lookup {

  /// A value; an [CachedValue.Absent] is one too.
  record Hit(CachedValue value) implements Lookup {}

  /// A reader holds the lease and is about to store a value of at least `floor`.
  record Filling(long floor) implements Lookup {}

  /// The key holds nothing.
  record Miss() implements Lookup {}
}
