package dev.tidemark.cache;

import java.time.Duration;
import java.util.List;

/// The cache protocol: entries with versions, leases with floors. Thread-safe.
///
/// A value gets in only under a lease that was taken before its source was read and has been there
/// ever since; each eviction raises the lease's floor. Every operation is atomic on its one key,
/// idempotent, and safe to repeat after an unknown outcome. Each throws [EntryStoreException] when
/// the store gave no answer.
///
/// Tokens name the holder of a lease: 1 to 64 of `[A-Za-z0-9_-]`, random, never used twice.
public interface EntryStore {

  /// What the key holds.
  Lookup lookup(String key);

  /// What the keys hold, in their order, in one round trip.
  List<Lookup> lookup(List<String> keys);

  /// Takes the lease to fill the key, where nothing is stored and nobody else holds it.
  ///
  /// @param leaseTtl how long the lease lasts at most; longer than a read of the source takes
  Acquisition acquire(String key, String token, Duration leaseTtl);

  /// Stores what was read from the source after the lease was acquired.
  FillResult fill(String key, String token, CachedValue value, Duration ttl);

  /// Makes it known that the aggregate has reached this version.
  Eviction evict(String key, long version);

  /// As the single eviction, in one round trip. The outcomes are in the order of the batch, one for
  /// each; this throws nothing. A key that is named twice is evicted in either order, which comes
  /// to the same.
  List<EvictionOutcome> evict(List<EvictionRequest> batch);

  /// Renews a live value after a write; adds nothing where none is.
  RefreshResult refresh(String key, CachedValue value, Duration ttl);

  /// Drops whatever the key holds, for when its version cannot be trusted.
  ///
  /// @return whether something was there
  boolean evictByForce(String key);
}
