package dev.tidemark.cache.store;

/// The key of an aggregate in the cache, the same for whoever fills and whoever evicts.
public final class CacheKey {

  private CacheKey() {}

  /// `<aggregatetype>:<id>`, as in `product:4711`.
  public static String of(String aggregateType, String aggregateId) {
    return aggregateType + ':' + aggregateId;
  }
}
