package dev.tidemark.cache;

import dev.tidemark.cache.Flights.Landed;
import dev.tidemark.cache.Read.Served;
import io.opentelemetry.api.metrics.Meter;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads through the cache (cache-aside): a hit is one `GET`; a miss reads the source under a lease
/// and fills. Thread-safe.
///
/// Within the process one read of a key at a time goes on, the others share it; across processes
/// the lease lets one fill, while the others wait a little, and then read the database without
/// filling. All reads of the database pass one gate. When the store does not answer, reads are
/// served from the database through the same gate.
public final class VersionedCache {

  private static final Logger log = LoggerFactory.getLogger(VersionedCache.class);

  /// A value lives for a random share of the TTL between this and all of it: the TTL stays the
  /// bound of staleness.
  private static final double LEAST_SHARE_OF_TTL = 0.85;

  /// How often a read that found too old a value in the cache, or shared one, tries again before it
  /// goes to the database alone.
  private static final int ATTEMPTS = 3;

  private final EntryStore store;
  private final CacheSettings settings;
  private final CacheMetrics metrics;
  private final DatabaseGate database;
  private final Flights flights = new Flights();
  private final Tokens tokens = new Tokens();

  public VersionedCache(EntryStore store, CacheSettings settings, Meter meter) {
    this.store = store;
    this.settings = settings;
    this.metrics = new CacheMetrics(meter);
    this.database = new DatabaseGate(settings.databaseReads(), settings.databaseWait(), metrics);
  }

  /// Reads a key as consistently as asked for.
  ///
  /// @throws DatabaseBusyException when the database was needed and too many reads were before this
  ///   one
  /// @throws SourceException when the source was needed and failed
  public Read read(String key, ReadOption option, Source source) {
    try {
      Read read =
          switch (option) {
            case ReadOption.Eventual() -> cached(key, 0, source);
            case ReadOption.AtLeast(long version) -> cached(key, version, source);
            case ReadOption.Strong() -> strong(key, source);
          };
      metrics.request(read);
      return read;
    } catch (RuntimeException e) {
      metrics.requestFailed();
      throw e;
    }
  }

  /// The fast lane after a commit: renews what the cache holds, so that the next read sees the
  /// write without waiting for the eviction that follows. Best effort: it never throws, and the
  /// eviction does not depend on it.
  public void refresh(String key, CachedValue value) {
    try {
      metrics.refresh(store.refresh(key, value, lifeOf(value)));
    } catch (RuntimeException e) {
      metrics.refreshFailed();
      log.atDebug().addKeyValue("key", key).setCause(e).log("not refreshed");
    }
  }

  private Read cached(String key, long least, Source source) {
    long began = System.nanoTime();
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      Optional<Read> read = attempt(key, least, began, source);
      if (read.isPresent()) {
        return read.get();
      }
    }
    return new Read(database.read(key, source), Served.NOT_STORED);
  }

  /// Empty when what the cache, or another read, came up with is too old, or the other read came to
  /// nothing.
  private Optional<Read> attempt(String key, long least, long began, Source source) {
    Lookup found;
    try {
      found = lookup(key);
      if (found instanceof Lookup.Hit(CachedValue value)) {
        if (value.version() >= least) {
          return Optional.of(new Read(value, Served.HIT));
        }
        evictSeen(key, value);
      }
    } catch (EntryStoreException e) {
      return flights
          .share(key, began, settings.leaseTtl(), () -> degraded(key, source, e))
          .filter(read -> isEnough(read, least));
    }
    return flights
        .share(key, began, settings.leaseTtl(), () -> fill(key, least, source))
        .filter(read -> isEnough(read, least));
  }

  /// What came from the source is all there is. What was shared, or found in the cache, may be from
  /// before the version asked for.
  private static boolean isEnough(Read read, long least) {
    return switch (read.served()) {
      case HIT, COLLAPSED -> read.value().version() >= least;
      case STORED, NOT_STORED, BYPASSED, DEGRADED -> true;
    };
  }

  private Lookup lookup(String key) {
    long start = System.nanoTime();
    Lookup found = store.lookup(key);
    metrics.lookup(System.nanoTime() - start);
    return found;
  }

  /// Evicts just the value that was seen: the version that a reader claims to know of is not
  /// proven, and as the floor of a lease it would refuse good fills.
  private void evictSeen(String key, CachedValue value) {
    store.evict(key, value.version() + 1);
  }

  private Landed fill(String key, long least, Source source) {
    try {
      String token = tokens.next();
      Backoff backoff = new Backoff(settings.leaseWait());
      boolean waited = false;
      while (true) {
        long asOf = System.nanoTime();
        switch (store.acquire(key, token, settings.leaseTtl())) {
          case Acquisition.Acquired() -> {
            return fillUnderLease(key, token, source);
          }
          case Acquisition.AlreadyCached(CachedValue value) -> {
            if (value.version() >= least) {
              return new Landed(new Read(value, Served.HIT), asOf);
            }
            evictSeen(key, value);
          }
          case Acquisition.BeingFilled(long _) -> {
            if (!waited) {
              metrics.leaseWait();
              waited = true;
            }
          }
        }
        if (!backoff.pause()) {
          return fromDatabase(key, source, Served.NOT_STORED);
        }
      }
    } catch (EntryStoreException e) {
      return degraded(key, source, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SourceException(key, e);
    }
  }

  private Landed fillUnderLease(String key, String token, Source source) {
    Landed landed = fromDatabase(key, source, Served.NOT_STORED);
    CachedValue value = landed.read().value();
    long asOf = System.nanoTime();
    try {
      FillResult result = store.fill(key, token, value, lifeOf(value));
      metrics.fill(result);
      // Under the lease that was there all the time, and not below its floor: still the newest.
      return result instanceof FillResult.Stored
          ? new Landed(new Read(value, Served.STORED), asOf)
          : landed;
    } catch (EntryStoreException e) {
      metrics.fillFailed();
      log.atDebug().addKeyValue("key", key).setCause(e).log("not filled");
      return landed;
    }
  }

  /// The database holds all that was ever evicted for, as of the moment at which it is asked.
  private Landed fromDatabase(String key, Source source, Served served) {
    long asOf = System.nanoTime();
    return new Landed(new Read(database.read(key, source), served), asOf);
  }

  private Read strong(String key, Source source) {
    CachedValue value = database.read(key, source);
    refresh(key, value);
    return new Read(value, Served.BYPASSED);
  }

  private Landed degraded(String key, Source source, EntryStoreException cause) {
    log.atDebug().addKeyValue("key", key).setCause(cause).log("read without the cache");
    return fromDatabase(key, source, Served.DEGRADED);
  }

  private Duration lifeOf(CachedValue value) {
    Duration ttl = value instanceof CachedValue.Present ? settings.ttl() : settings.negativeTtl();
    double share = ThreadLocalRandom.current().nextDouble(LEAST_SHARE_OF_TTL, 1.0);
    return Duration.ofMillis(Math.max(1, (long) (ttl.toMillis() * share)));
  }
}
