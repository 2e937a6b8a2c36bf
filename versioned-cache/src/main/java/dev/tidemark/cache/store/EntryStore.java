package dev.tidemark.cache.store;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// The cache protocol: entries with versions, leases with floors. Thread-safe.
///
/// A value gets in only under a lease that was taken before its source was read and has been there
/// ever since; each eviction raises the lease's floor. Every operation is atomic on its one key,
/// idempotent, and safe to repeat after an unknown outcome. Each throws [EntryStoreException] when
/// the store gave no answer.
///
/// A batch does the same for many keys in one round trip (on a cluster, one to each node). Its
/// outcomes are in the order of the batch, one for each; it throws nothing. A key that is named
/// twice is dealt with twice, in either order.
///
/// A value larger than [CachedValue#LARGEST_PAYLOAD] is never stored: a fill with it gives the
/// lease up, a refresh with it evicts what is older. What is there and larger is no entry.
///
/// Tokens name the holder of a lease: 1 to 64 of `[A-Za-z0-9_-]`, random, never used twice for a
/// key.
public interface EntryStore {

  /// What the key holds.
  Lookup lookup(String key);

  /// The same for many keys.
  List<Outcome<Lookup>> lookup(List<String> keys);

  /// Takes the lease to fill the key, where nothing is stored and nobody else holds it.
  ///
  /// @param leaseTtl how long the lease lasts at most; longer than a read of the source takes
  Acquisition acquire(String key, String token, Duration leaseTtl);

  /// The same for many keys, with one token for all.
  List<Outcome<Acquisition>> acquire(List<String> keys, String token, Duration leaseTtl);

  /// Stores what was read from the source after the lease was acquired.
  FillResult fill(String key, String token, CachedValue value, Duration ttl);

  /// The same for many keys whose leases have one token.
  List<Outcome<FillResult>> fill(String token, List<Offer> batch);

  /// Gives the lease up without a fill, when the source could not be read.
  ///
  /// @return whether it was still there
  boolean release(String key, String token);

  /// Makes it known that the aggregate has reached this version.
  Eviction evict(String key, long version);

  /// The same for many keys.
  List<Outcome<Eviction>> evict(List<EvictionRequest> batch);

  /// Renews a live value after a write; adds nothing where none is.
  RefreshResult refresh(String key, CachedValue value, Duration ttl);

  /// The same for many keys.
  List<Outcome<RefreshResult>> refresh(List<Offer> batch);

  /// Gives a value of just this version, if it is still there, another `ttl` to live from now on:
  /// its source was read again and has not changed. Whatever else the key holds stays as it is.
  ///
  /// @return whether the value was there
  boolean prolong(String key, long version, Duration ttl);

  /// How long the entry has to live; empty when there is none. One without an end, which the store
  /// never makes, counts as one whose time is over.
  Optional<Duration> remainingLife(String key);

  /// Drops whatever the key holds, for when its version cannot be trusted.
  ///
  /// @return whether something was there
  boolean evictByForce(String key);

  /// Drops the value that was seen, for when its source has disproved it; whatever else the key
  /// holds by now stays as it is.
  ///
  /// @return whether it was still there, byte for byte
  boolean evictSeen(String key, CachedValue seen);

  /// How many parts the store has that can fail each for itself: 1 for a single server.
  default int shards() {
    return 1;
  }

  /// The part that holds the key, from 0 to less than [#shards].
  default int shardOf(String key) {
    return 0;
  }
}
