package dev.tidemark.cache;

import java.time.Duration;

/// Times and limits of a [VersionedCache].
///
/// @param ttl longest life of a value; each gets a random share of it, so that entries that came
///   together do not expire together
/// @param negativeTtl the same for the knowledge that there is no such aggregate
/// @param leaseTtl time that a reader may take to read the source and fill; a little longer than
///   the database's own timeout
/// @param leaseWait time to wait for another process's fill before reading the database too
/// @param databaseReads number of concurrent reads of the database in this process
/// @param databaseWait time for which a read waits for its turn before it is shed
/// @param earlyRefresh the mean time, as a share of the TTL, by which a popular entry is renewed
///   before it expires; 0 renews none
/// @param distrust time after an outage of the store for which its hits are not trusted: evictions
///   that could not be applied meanwhile are still on their way. It must be longer than their
///   sender takes to catch up
/// @param nearCache the cache inside the process, off by default
public record CacheSettings(
    Duration ttl,
    Duration negativeTtl,
    Duration leaseTtl,
    Duration leaseWait,
    int databaseReads,
    Duration databaseWait,
    double earlyRefresh,
    Duration distrust,
    NearCacheSettings nearCache) {

  public CacheSettings {
    check("ttl", ttl);
    check("negativeTtl", negativeTtl);
    check("leaseTtl", leaseTtl);
    check("leaseWait", leaseWait);
    check("databaseWait", databaseWait);
    if (databaseReads < 1) {
      throw new IllegalArgumentException("databaseReads " + databaseReads + " is less than 1");
    }
    if (!(earlyRefresh >= 0 && earlyRefresh <= 0.2)) {
      throw new IllegalArgumentException("earlyRefresh " + earlyRefresh + " is not within 0..0.2");
    }
    if (distrust.isNegative()) {
      throw new IllegalArgumentException("distrust " + distrust + " is negative");
    }
  }

  /// Returns the defaults: values for 5 minutes, absence for 1, leases for 3 seconds, of which
  /// others wait out a tenth; 16 reads of the database at a time; popular values renewed about 3
  /// seconds early; 5 seconds of distrust after an outage; no near cache.
  public static CacheSettings defaults() {
    return new CacheSettings(
        Duration.ofMinutes(5),
        Duration.ofMinutes(1),
        Duration.ofSeconds(3),
        Duration.ofMillis(300),
        16,
        Duration.ofMillis(500),
        0.01,
        Duration.ofSeconds(5),
        NearCacheSettings.off());
  }

  /// Returns the same settings with another life of values, and of absence where that was longer.
  public CacheSettings withTtl(Duration newTtl) {
    Duration newNegativeTtl = negativeTtl.compareTo(newTtl) < 0 ? negativeTtl : newTtl;
    return new CacheSettings(
        newTtl,
        newNegativeTtl,
        leaseTtl,
        leaseWait,
        databaseReads,
        databaseWait,
        earlyRefresh,
        distrust,
        nearCache);
  }

  /// Returns the same settings with other times of the lease.
  public CacheSettings withLease(Duration newTtl, Duration newWait) {
    return new CacheSettings(
        ttl,
        negativeTtl,
        newTtl,
        newWait,
        databaseReads,
        databaseWait,
        earlyRefresh,
        distrust,
        nearCache);
  }

  /// Returns the same settings with another limit on the reads of the database.
  public CacheSettings withDatabaseReads(int atATime, Duration wait) {
    return new CacheSettings(
        ttl, negativeTtl, leaseTtl, leaseWait, atATime, wait, earlyRefresh, distrust, nearCache);
  }

  /// Returns the same settings with another time of early refresh.
  public CacheSettings withEarlyRefresh(double shareOfTtl) {
    return new CacheSettings(
        ttl,
        negativeTtl,
        leaseTtl,
        leaseWait,
        databaseReads,
        databaseWait,
        shareOfTtl,
        distrust,
        nearCache);
  }

  /// Returns the same settings with another time of distrust.
  public CacheSettings withDistrust(Duration time) {
    return new CacheSettings(
        ttl,
        negativeTtl,
        leaseTtl,
        leaseWait,
        databaseReads,
        databaseWait,
        earlyRefresh,
        time,
        nearCache);
  }

  /// Returns the same settings with a near cache. The process must then pass the events of the
  /// topic to [VersionedCache#invalidations].
  public CacheSettings withNearCache(NearCacheSettings settings) {
    return new CacheSettings(
        ttl,
        negativeTtl,
        leaseTtl,
        leaseWait,
        databaseReads,
        databaseWait,
        earlyRefresh,
        distrust,
        settings);
  }

  private static void check(String name, Duration time) {
    if (time.toMillis() < 1) {
      throw new IllegalArgumentException(name + " " + time + " is shorter than 1 ms");
    }
  }
}
