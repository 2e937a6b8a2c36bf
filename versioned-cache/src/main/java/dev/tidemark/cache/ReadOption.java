package dev.tidemark.cache;

import dev.tidemark.cache.store.Versions;

/// How consistent a read must be.
public sealed interface ReadOption {

  /// Whatever the cache holds will do.
  record Eventual() implements ReadOption {}

  /// Nothing below a version that the reader knows of, usually because it wrote it.
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
