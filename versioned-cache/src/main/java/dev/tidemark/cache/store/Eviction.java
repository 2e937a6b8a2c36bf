package dev.tidemark.cache.store;

/// What an eviction by version found and did. Afterwards the key holds nothing below the version,
/// whichever it was.
public enum Eviction {
  /// A value below the version was deleted.
  EVICTED,
  /// The value there is of this version or newer, or the lease there has a floor as high: nothing
  /// to do.
  ALREADY_FRESH,
  /// A reader is filling: it may no longer store anything below the version.
  FLOOR_RAISED,
  /// Nothing was there, and nothing is.
  ABSENT
}
