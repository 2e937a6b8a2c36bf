package dev.tidemark.operator.rebuild;

import dev.tidemark.cache.store.CachedValue;
import java.util.OptionalLong;

/// What a record of a topic says about the state of an aggregate.
sealed interface AggregateState {

  /// Of the cache.
  String key();

  /// A state that may be cached.
  record Cacheable(String key, CachedValue value) implements AggregateState {

    long version() {
      return value.version();
    }

    /// About what it takes in memory.
    int bytes() {
      return key.length()
          + switch (value) {
            case CachedValue.Present(long _, byte[] payload) -> payload.length;
            case CachedValue.Absent _ -> 0;
          };
    }
  }

  /// A state that nobody can read, but that is there: an older one is not the newest.
  ///
  /// @param version empty when not even that is known
  record Unreadable(String key, OptionalLong version) implements AggregateState {}
}
