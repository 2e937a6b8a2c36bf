package dev.tidemark.cache;

import dev.tidemark.cache.store.CachedValue;

/// Result of a read, with its origin.
///
/// With [ReadOption#atLeast] the value may still be below the version asked for, in one case: the
/// database itself has not got it, so it was never committed.
public record Read(CachedValue value, Served served) {

  /// Origin of the result of a read. Each has its words in a `Cache-Status` header (RFC 9211).
  public enum Served {
    /// Served from the cache: `hit`.
    HIT,
    /// Served from the near cache, inside this process: `hit; detail=near`.
    NEAR_HIT,
    /// Served from the database, and stored: `fwd=miss; stored`.
    STORED,
    /// Served from the database, and not stored, because the lease was lost or superseded or is
    /// another reader's, or because the cache has what the database has: `fwd=miss`.
    NOT_STORED,
    /// Served by another read of the same key that was in progress in this process: `fwd=miss;
    /// collapsed`.
    COLLAPSED,
    /// Served from the database, as the reader demanded: `fwd=request`.
    BYPASSED,
    /// Served from the database, because the cache did not answer: `fwd=bypass`.
    DEGRADED
  }

  Read collapsed() {
    return new Read(value, Served.COLLAPSED);
  }
}
