package dev.tidemark.cache.store;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// The cache protocol: entries with versions, leases with floors. Thread-safe.
///
/// A value is stored only under a lease that was taken before its source was read and has existed
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

  /// Returns the content of the key.
  Lookup lookup(String key);

  /// Looks up many keys.
  List<Outcome<Lookup>> lookup(List<String> keys);

  /// Takes the lease to fill the key, where nothing is stored and nobody else holds it.
  ///
  /// @param leaseTtl how long the lease lasts at most; longer than a read of the source takes
  default Acquisition acquire(String key, String token, Duration leaseTtl) {
    return acquire(List.of(key), token, leaseTtl).getFirst().orThrow();
  }

  /// Takes the leases of many keys, with one token for all.
  List<Outcome<Acquisition>> acquire(List<String> keys, String token, Duration leaseTtl);

  /// Stores the value that was read from the source after the lease was acquired.
  default FillResult fill(String key, String token, CachedValue value, Duration ttl) {
    return fill(token, List.of(new Offer(key, value, ttl))).getFirst().orThrow();
  }

  /// Stores the values of many keys whose leases have one token.
  List<Outcome<FillResult>> fill(String token, List<Offer> batch);

  /// Gives the lease up without a fill, when the source could not be read.
  ///
  /// @return whether it was still there
  boolean release(String key, String token);

  /// Reports that the aggregate has reached this version.
  Eviction evict(String key, long version);

  /// Evicts many keys.
  List<Outcome<Eviction>> evict(List<EvictionRequest> batch);

  /// Renews a live value after a write. Adds nothing where there is none.
  RefreshResult refresh(String key, CachedValue value, Duration ttl);

  /// Refreshes many keys.
  List<Outcome<RefreshResult>> refresh(List<Offer> batch);

  /// Gives a value of exactly this version, if it is still there, another `ttl` to live from now
  /// on: its source was read again and has not changed. Any other content of the key stays as it
  /// is.
  ///
  /// @return whether the value was there
  boolean prolong(String key, long version, Duration ttl);

  /// Returns the remaining life of the entry; empty when there is none. An entry without an end,
  /// which the store never makes, counts as one whose time is over.
  Optional<Duration> remainingLife(String key);

  /// Drops any content of the key, for the case that its version cannot be trusted.
  ///
  /// @return whether something was there
  boolean evictByForce(String key);

  /// Drops the value that was seen, for the case that its source has disproved it. Any other
  /// content of the key stays as it is.
  ///
  /// @return whether it was still there, byte for byte
  boolean evictSeen(String key, CachedValue seen);

  /// Returns the number of parts of the store that can each fail by themselves: 1 for a single
  /// server.
  default int shards() {
    return 1;
  }

  /// Returns the part that holds the key, from 0 to less than [#shards].
  default int shardOf(String key) {
    return 0;
  }
}
