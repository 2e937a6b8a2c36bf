package dev.tidemark.cache.store;

/// Key of an aggregate in the cache, the same for fills and evictions.
public final class CacheKey {

  private CacheKey() {}

  /// Returns `<aggregatetype>:<id>`, for example `product:4711`.
  public static String of(String aggregateType, String aggregateId) {
    return aggregateType + ':' + aggregateId;
  }
}
