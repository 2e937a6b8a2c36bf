package dev.tidemark.cache.interleavings;

import dev.tidemark.cache.redis.StoredEntry;
import dev.tidemark.cache.store.CachedValue;

/// Effect of one atomic step on the key. Its text is the step's name in a report.
public sealed interface Access {

  /// The plain `GET` of a lookup.
  record Get() implements Access {
    @Override
    public String toString() {
      return "lookup";
    }
  }

  record Acquire(String token) implements Access {
    @Override
    public String toString() {
      return "acquire";
    }
  }

  record Fill(String token, CachedValue value) implements Access {
    @Override
    public String toString() {
      return "fill(" + value.version() + ")";
    }
  }

  record Evict(long version) implements Access {
    @Override
    public String toString() {
      return "evict(" + version + ")";
    }
  }

  record Refresh(CachedValue value) implements Access {
    @Override
    public String toString() {
      return "refresh(" + value.version() + ")";
    }
  }

  record Remove(CachedValue seen) implements Access {
    @Override
    public String toString() {
      return "remove(" + seen.version() + ")";
    }
  }

  record Prolong(long version) implements Access {
    @Override
    public String toString() {
      return "prolong(" + version + ")";
    }
  }

  record Release(String token) implements Access {
    @Override
    public String toString() {
      return "release";
    }
  }

  /// A change outside the protocol: the entry is another from now on.
  record Replaced(String cause, StoredEntry by) implements Access {
    @Override
    public String toString() {
      return cause;
    }
  }

  /// An event elsewhere: in the database, in the topic.
  record Elsewhere(String what) implements Access {
    @Override
    public String toString() {
      return what;
    }
  }
}
