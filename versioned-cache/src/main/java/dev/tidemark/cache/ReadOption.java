package dev.tidemark.cache;

import dev.tidemark.cache.store.Versions;

/// Consistency that a read requires.
public sealed interface ReadOption {

  /// Any value in the cache is good enough.
  record Eventual() implements ReadOption {}

  /// No version below one that the reader knows, usually because it wrote it.
  record AtLeast(long version) implements ReadOption {
    public AtLeast {
      Versions.check(version, 0);
    }
  }

  /// The newest committed state, from the database.
  record Strong() implements ReadOption {}

  static ReadOption eventual() {
    return new Eventual();
  }

  static ReadOption atLeast(long version) {
    return new AtLeast(version);
  }

  static ReadOption strong() {
    return new Strong();
  }
}
