package dev.tidemark.cache;

import java.time.Duration;

/// Times and bounds of a [VersionedCache].
///
/// @param ttl longest life of a value; each gets a random share of it, so that what came together
///   does not go together
/// @param negativeTtl the same for the knowledge that there is no such aggregate
/// @param leaseTtl how long a reader may take to read the source and fill; a little longer than the
///   database's own timeout
/// @param leaseWait how long to wait for another process's fill before going to the database too
/// @param databaseReads how many reads of the database may be under way at a time in this process
/// @param databaseWait how long a read waits for its turn before it is shed
public record CacheSettings(
    Duration ttl,
    Duration negativeTtl,
    Duration leaseTtl,
    Duration leaseWait,
    int databaseReads,
    Duration databaseWait) {

  public CacheSettings {
    check("ttl", ttl);
    check("negativeTtl", negativeTtl);
    check("leaseTtl", leaseTtl);
    check("leaseWait", leaseWait);
    check("databaseWait", databaseWait);
    if (databaseReads < 1) {
      throw new IllegalArgumentException("databaseReads " + databaseReads + " is less than 1");
    }
  }

  /// Values for 5 minutes, absence for 1, leases for 3 seconds, of which others wait out a tenth;
  /// 16 reads of the database at a time.
  public static CacheSettings defaults() {
    return new CacheSettings(
        Duration.ofMinutes(5),
        Duration.ofMinutes(1),
        Duration.ofSeconds(3),
        Duration.ofMillis(300),
        16,
        Duration.ofMillis(500));
  }

  /// The same with another life of values, and of absence where that was longer.
  public CacheSettings withTtl(Duration newTtl) {
    Duration newNegativeTtl = negativeTtl.compareTo(newTtl) < 0 ? negativeTtl : newTtl;
    return new CacheSettings(
        newTtl, newNegativeTtl, leaseTtl, leaseWait, databaseReads, databaseWait);
  }

  /// The same with another bound on the reads of the database.
  public CacheSettings withDatabaseReads(int atATime, Duration wait) {
    return new CacheSettings(ttl, negativeTtl, leaseTtl, leaseWait, atATime, wait);
  }

  /// The same with other times of the lease.
  public CacheSettings withLease(Duration newTtl, Duration newWait) {
    return new CacheSettings(ttl, negativeTtl, newTtl, newWait, databaseReads, databaseWait);
  }

  private static void check(String name, Duration time) {
    if (time.toMillis() < 1) {
      throw new IllegalArgumentException(name + " " + time + " is shorter than 1 ms");
    }
  }
}
