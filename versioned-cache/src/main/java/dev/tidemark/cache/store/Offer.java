package dev.tidemark.cache.store;

import java.time.Duration;

/// A value that is offered to the store: one fill, or one refresh, of a batch.
///
/// @param ttl how long the entry may live, at least 1 ms
public record Offer(String key, CachedValue value, Duration ttl) {}
