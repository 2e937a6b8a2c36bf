package dev.tidemark.cache.store;

/// Result of a refresh. Afterwards the key holds nothing below the version, whichever the result
/// is.
public enum RefreshResult {
  /// An older value was replaced.
  REFRESHED,
  /// The value there is of this version or newer, or the lease there has a floor as high. There is
  /// nothing to do.
  ALREADY_FRESH,
  /// A reader is filling. It may no longer store anything below the version.
  FLOOR_RAISED,
  /// The key held nothing, and still does: a refresh never adds.
  ABSENT
}
