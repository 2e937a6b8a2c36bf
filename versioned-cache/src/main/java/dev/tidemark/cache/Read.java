package dev.tidemark.cache;

import dev.tidemark.cache.store.CachedValue;

/// What a read came back with, and from where.
///
/// With [ReadOption#atLeast] the value may still be below the version asked for, in one case: the
/// database itself has not got it, so it was never committed.
public record Read(CachedValue value, Served served) {

  /// How a read was served. Each has its words in a `Cache-Status` header (RFC 9211).
  public enum Served {
    /// From the cache: `hit`.
    HIT,
    /// From the near cache, inside this process: `hit; detail=near`.
    NEAR_HIT,
    /// From the database, and stored: `fwd=miss; stored`.
    STORED,
    /// From the database, and not stored, because the lease was lost or superseded or is another
    /// reader's, or because the cache has what the database has: `fwd=miss`.
    NOT_STORED,
    /// By another read of the same key that was under way in this process: `fwd=miss; collapsed`.
    COLLAPSED,
    /// From the database, as the reader demanded: `fwd=request`.
    BYPASSED,
    /// From the database, because the cache did not answer: `fwd=bypass`.
    DEGRADED
  }

  Read collapsed() {
    return new Read(value, Served.COLLAPSED);
  }
}
