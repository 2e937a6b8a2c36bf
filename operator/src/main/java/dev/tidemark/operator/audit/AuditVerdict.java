package dev.tidemark.operator.audit;

import dev.tidemark.cache.redis.RedisInspection.Found;
import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.Lookup;
import dev.tidemark.event.Sha256;
import dev.tidemark.invalidation.PostgresProducts.State;
import java.util.Locale;
import java.util.Optional;

/// Result of the comparison of an entry with the database.
public enum AuditVerdict {
  /// The state is the same.
  FRESH,
  /// The cache has no value, or a lease.
  ABSENT,
  /// The entry was not right when first looked at, and became right soon.
  LAGGING,
  /// The entry is older than the database.
  STALE,
  /// The entry is newer than the database, which must have been recovered to an earlier moment
  /// (H22).
  AHEAD,
  /// The version is the same, but the content differs from the database (H7).
  DIFFERS,
  /// The bytes are not an entry. Readers treat them as nothing.
  UNREADABLE;

  /// Compares what was found in the cache with what the database returned *afterwards*: everything
  /// that the cache can have is committed by then.
  ///
  /// @param state empty for a product that never existed
  static AuditVerdict of(Found found, Optional<State> state) {
    return switch (found) {
      case Found.Unreadable() -> UNREADABLE;
      case Found.Known(Lookup.Miss()), Found.Known(Lookup.Filling _) -> ABSENT;
      case Found.Known(Lookup.Hit(CachedValue value)) -> {
        int order = Long.compare(value.version(), state.map(State::version).orElse(0L));
        if (order != 0) {
          yield order < 0 ? STALE : AHEAD;
        }
        yield isSame(value, state) ? FRESH : DIFFERS;
      }
    };
  }

  private static boolean isSame(CachedValue value, Optional<State> state) {
    return switch (value) {
      case CachedValue.Present(long _, byte[] payload) ->
          state.isPresent() && state.get().hasDigest(Sha256.of(payload));
      case CachedValue.Absent _ -> state.isEmpty() || !state.get().isLive();
    };
  }

  boolean isRight() {
    return this == FRESH || this == ABSENT || this == LAGGING;
  }

  /// Returns whether a reader may be served a wrong value.
  boolean isHarmful() {
    return this == STALE || this == AHEAD || this == DIFFERS;
  }

  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
