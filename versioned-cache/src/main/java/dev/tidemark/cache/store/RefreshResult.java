package dev.tidemark.cache.store;

/// What a refresh found and did. Afterwards the key holds nothing below the version, whichever it
/// was.
public enum RefreshResult {
  /// An older value was replaced.
  REFRESHED,
  /// The value there is of this version or newer, or the lease there has a floor as high: nothing
  /// to do.
  ALREADY_FRESH,
  /// A reader is filling: it may no longer store anything below the version.
  FLOOR_RAISED,
  /// Nothing was there, and nothing is: a refresh never adds.
  ABSENT
}
