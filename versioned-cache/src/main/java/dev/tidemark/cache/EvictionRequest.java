package dev.tidemark.cache;

/// One eviction of a batch.
///
/// @param version 0 to [CachedValue#MAX_VERSION]
public record EvictionRequest(String key, long version) {
  public EvictionRequest {
    Versions.check(version, 0);
  }

  /// For just the value that was seen: the version that a reader claims to know of is not proven,
  /// and as the floor of a lease it would refuse good fills.
  static EvictionRequest ofSeen(String key, CachedValue value) {
    return new EvictionRequest(key, Math.min(value.version() + 1, CachedValue.MAX_VERSION));
  }
}
