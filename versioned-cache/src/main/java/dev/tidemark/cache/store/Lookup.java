package dev.tidemark.cache.store;

/// What a key was found to hold.
public sealed interface Lookup {

  /// A value; an [CachedValue.Absent] is one too.
  record Hit(CachedValue value) implements Lookup {}

  /// A reader holds the lease and is about to store a value of at least `floor`.
  record Filling(long floor) implements Lookup {}

  /// Nothing.
  record Miss() implements Lookup {}
}
