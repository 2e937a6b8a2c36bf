package dev.tidemark.cache.store;

/// One eviction of a batch.
///
/// @param version 0 to [CachedValue#MAX_VERSION]
public record EvictionRequest(String key, long version) {
  public EvictionRequest {
    Versions.check(version, 0);
  }
}
