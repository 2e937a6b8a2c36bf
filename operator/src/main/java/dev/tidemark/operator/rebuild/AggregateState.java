package dev.tidemark.operator.rebuild;

import dev.tidemark.cache.store.CachedValue;
import java.util.OptionalLong;

/// State of an aggregate according to a record of a topic.
sealed interface AggregateState {

  /// Returns the key in the cache.
  String key();

  /// A state that may be cached.
  record Cacheable(String key, CachedValue value) implements AggregateState {

    long version() {
      return value.version();
    }

    /// Returns the approximate size in memory.
    int bytes() {
      return key.length()
          + switch (value) {
            case CachedValue.Present(long _, byte[] payload) -> payload.length;
            case CachedValue.Absent _ -> 0;
          };
    }
  }

  /// A state that nobody can read but that exists: an older one is not the newest.
  ///
  /// @param version empty when not even that is known
  record Unreadable(String key, OptionalLong version) implements AggregateState {}
}
