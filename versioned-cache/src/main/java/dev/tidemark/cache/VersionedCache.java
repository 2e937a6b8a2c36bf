package dev.tidemark.cache;

import dev.tidemark.cache.Read.Served;
import dev.tidemark.cache.SingleFlight.Landed;
import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.cache.store.EntryStoreException;
import dev.tidemark.cache.store.Lookup;
import dev.tidemark.cache.store.Outcome;
import dev.tidemark.cache.store.Outcome.Applied;
import dev.tidemark.cache.store.Outcome.Failed;
import io.opentelemetry.api.metrics.Meter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads through the cache (cache-aside): a hit is one `GET`; a miss reads the source under a lease
/// and fills. Thread-safe.
///
/// Within the process one read of a key at a time goes on, the others share it; across processes
/// the lease lets one fill, while the others wait a little, and then read the database without
/// filling. All reads of the database pass one gate. Popular entries are renewed before they
/// expire.
///
/// When the store does not answer, reads are served from the database through the same gate. A
/// circuit breaker keeps them from waiting for it, and when it is back its hits are not trusted for
/// a while (see [CacheSettings#distrust]).
public final class VersionedCache {

  private static final Logger log = LoggerFactory.getLogger(VersionedCache.class);

  /// Number of times that a read that shared a value that was too old tries again before it goes to
  /// the database alone.
  private static final int ATTEMPTS = 3;

  private final GuardedEntryStore store;
  private final CacheSettings settings;
  private final CacheMetrics metrics;
  private final TimeToLive lives;
  private final DatabaseGate database;
  private final Filler filler;
  private final EarlyRefresh early;
  private final NearCache near;
  private final SingleFlight flights = new SingleFlight();

  /// @param store of `RedisConnection.entries`; a circuit breaker is put before it here
  public VersionedCache(EntryStore store, CacheSettings settings, Meter meter) {
    this.settings = settings;
    this.metrics = new CacheMetrics(meter);
    this.store = new GuardedEntryStore(store, settings.distrust(), System::nanoTime, metrics);
    this.lives = new TimeToLive(settings.ttl(), settings.negativeTtl());
    this.database = new DatabaseGate(settings.databaseReads(), settings.databaseWait(), metrics);
    this.near = new NearCache(settings.nearCache(), System::nanoTime, metrics::nearGap);
    Disproof disproof = new Disproof(this.store, near, metrics);
    this.filler = new Filler(this.store, settings, lives, database, disproof, metrics);
    this.early =
        new EarlyRefresh(this.store, database, lives, settings.earlyRefresh(), disproof, metrics);
  }

  /// Returns the listener for events of the invalidation topic, if the process has a near cache.
  public InvalidationListener invalidations() {
    return near;
  }

  /// Reads a key with the required consistency.
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
            case ReadOption.Strong() ->
                Objects.requireNonNull(strong(List.of(key), bulk(key, source)).get(key), key);
          };
      metrics.request(read);
      return read;
    } catch (RuntimeException e) {
      metrics.requestFailed();
      throw e;
    }
  }

  /// Reads many keys, each as [#read] does, with one round trip to the store for all hits (on a
  /// cluster, one to each node) and one read of the source for the keys that the store lacks. Each
  /// key has the required consistency by itself; together they are not the state of one moment.
  ///
  /// @return a read for each key, in their order
  /// @throws DatabaseBusyException as [#read]
  /// @throws SourceException as [#read]
  public Map<String, Read> readAll(Collection<String> keys, ReadOption option, BulkSource source) {
    List<String> distinct = keys.stream().distinct().toList();
    try {
      Map<String, Read> found =
          switch (option) {
            case ReadOption.Eventual() -> cached(distinct, 0, source);
            case ReadOption.AtLeast(long version) -> cached(distinct, version, source);
            case ReadOption.Strong() -> strong(distinct, source);
          };
      Map<String, Read> inOrder = new LinkedHashMap<>();
      for (String key : distinct) {
        Read read = Objects.requireNonNull(found.get(key), key);
        metrics.request(read);
        inOrder.put(key, read);
      }
      return inOrder;
    } catch (RuntimeException e) {
      distinct.forEach(key -> metrics.requestFailed());
      throw e;
    }
  }

  /// The fast lane after a commit: renews what the cache holds, so that the next read sees the
  /// write without waiting for the eviction that follows. Best effort: it never throws, and the
  /// eviction does not depend on it.
  public void refresh(String key, CachedValue value) {
    near.written(key, value.version());
    try {
      metrics.refresh(store.refresh(key, value, lives.of(value)));
    } catch (RuntimeException e) {
      metrics.refreshFailed();
      log.atDebug().addKeyValue("key", key).setCause(e).log("not refreshed");
    }
  }

  private Read cached(String key, long demanded, Source source) {
    long began = System.nanoTime();
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      Optional<Read> read = attempt(key, demanded, began, source);
      if (read.isPresent()) {
        return read.get();
      }
    }
    return new Read(database.read(key, source::read), Served.NOT_STORED);
  }

  /// Attempts the read; empty when the result of another read that was shared was too old, or that
  /// read failed.
  private Optional<Read> attempt(String key, long demanded, long began, Source source) {
    Optional<Read> nearby = near(key, demanded);
    if (nearby.isPresent()) {
      return nearby;
    }
    if (!store.isTrusted(key)) {
      return fly(
          key,
          demanded,
          began,
          () -> filler.pastStore(List.of(key), Served.DEGRADED, bulk(key, source)));
    }
    long generation = near.generation();
    long least = Math.max(demanded, near.floor(key));
    Map<String, CachedValue> tooOld = Map.of();
    try {
      if (lookup(key) instanceof Lookup.Hit(CachedValue value)) {
        if (value.version() >= least) {
          return Optional.of(hit(key, value, generation, source));
        }
        tooOld = Map.of(key, value);
      }
    } catch (EntryStoreException e) {
      log.atDebug().addKeyValue("key", key).setCause(e).log("read without the cache");
      return fly(key, least, began, () -> filler.withoutStore(List.of(key), bulk(key, source)));
    }
    Map<String, CachedValue> seen = tooOld;
    return flights
        .share(
            key,
            began,
            settings.leaseTtl(),
            () -> {
              BulkSource bulk = bulk(key, source);
              return landed(
                  key,
                  seen.isEmpty()
                      ? filler.fill(List.of(key), k -> least, bulk)
                      : filler.renew(seen, bulk),
                  generation);
            })
        .filter(read -> isEnough(read, least));
  }

  private Optional<Read> fly(
      String key, long least, long began, Supplier<Map<String, Landed>> work) {
    return flights
        .share(key, began, settings.leaseTtl(), () -> Filler.of(work.get(), key))
        .filter(read -> isEnough(read, least));
  }

  /// Returns whether the result is new enough. A result from the source is always enough, because
  /// there is no more. A result that was shared, or found in the cache, may be older than the
  /// required version.
  private static boolean isEnough(Read read, long least) {
    return switch (read.served()) {
      case HIT, NEAR_HIT, COLLAPSED -> read.value().version() >= least;
      case STORED, NOT_STORED, BYPASSED, DEGRADED -> true;
    };
  }

  private Map<String, Read> cached(List<String> keys, long demanded, BulkSource source) {
    Map<String, Read> reads = new HashMap<>();
    List<String> asked = new ArrayList<>();
    List<String> untrusted = new ArrayList<>();
    for (String key : keys) {
      near(key, demanded)
          .ifPresentOrElse(
              read -> reads.put(key, read),
              () -> (store.isTrusted(key) ? asked : untrusted).add(key));
    }
    long generation = near.generation();
    List<String> missing = new ArrayList<>();
    List<String> unanswered = new ArrayList<>();
    Map<String, CachedValue> tooOld = new HashMap<>();
    List<Outcome<Lookup>> found = store.lookup(asked);
    for (int i = 0; i < asked.size(); i++) {
      String key = asked.get(i);
      switch (found.get(i)) {
        case Applied<Lookup>(Lookup.Hit(CachedValue value))
            when value.version() >= Math.max(demanded, near.floor(key)) ->
            reads.put(key, hit(key, value, generation, () -> one(key, source)));
        case Applied<Lookup>(Lookup.Hit(CachedValue value)) -> tooOld.put(key, value);
        case Applied<Lookup> _ -> missing.add(key);
        case Failed<Lookup> _ -> unanswered.add(key);
      }
    }
    Map<String, Landed> past = new HashMap<>();
    if (!tooOld.isEmpty()) {
      past.putAll(filler.renew(tooOld, source));
    }
    if (!missing.isEmpty()) {
      Map<String, Landed> filled =
          filler.fill(missing, key -> Math.max(demanded, near.floor(key)), source);
      missing.forEach(key -> reads.put(key, landed(key, filled, generation).read()));
    }
    if (!untrusted.isEmpty()) {
      past.putAll(filler.pastStore(untrusted, Served.DEGRADED, source));
    }
    if (!unanswered.isEmpty()) {
      past.putAll(filler.withoutStore(unanswered, source));
    }
    past.forEach((key, landed) -> reads.put(key, landed.read()));
    return reads;
  }

  private Map<String, Read> strong(Collection<String> keys, BulkSource source) {
    Map<String, Read> reads = new HashMap<>();
    filler
        .pastStore(keys, Served.BYPASSED, source)
        .forEach(
            (key, brought) -> {
              near.written(key, brought.read().value().version());
              reads.put(key, brought.read());
            });
    return reads;
  }

  private Optional<Read> near(String key, long least) {
    return near.get(key)
        .filter(value -> value.version() >= least)
        .map(value -> new Read(value, Served.NEAR_HIT));
  }

  private Lookup lookup(String key) {
    long start = System.nanoTime();
    Lookup found = store.lookup(key);
    metrics.lookup(System.nanoTime() - start);
    return found;
  }

  private Read hit(String key, CachedValue value, long generation, Source source) {
    near.offer(key, value, generation);
    early.hit(key, value, source);
    return new Read(value, Served.HIT);
  }

  /// Returns the result for a key, and keeps it near if it was stored or found stored.
  private Landed landed(String key, Map<String, Landed> brought, long generation) {
    Landed landed = Filler.of(brought, key);
    switch (landed.read().served()) {
      case HIT, STORED -> near.offer(key, landed.read().value(), generation);
      case NEAR_HIT, NOT_STORED, COLLAPSED, BYPASSED, DEGRADED -> {}
    }
    return landed;
  }

  private static BulkSource bulk(String key, Source source) {
    return keys -> Map.of(key, source.read());
  }

  private static CachedValue one(String key, BulkSource source) throws Exception {
    return source.read(Set.of(key)).getOrDefault(key, new CachedValue.Absent(0));
  }
}
