package dev.tidemark.cache.store;

/// Result of an eviction by version. Afterwards the key holds nothing below the version, whichever
/// the result is.
public enum Eviction {
  /// A value below the version was deleted.
  EVICTED,
  /// The value there is of this version or newer, or the lease there has a floor as high. There is
  /// nothing to do.
  ALREADY_FRESH,
  /// A reader is filling. It may no longer store anything below the version.
  FLOOR_RAISED,
  /// The key held nothing, and still does.
  ABSENT
}
