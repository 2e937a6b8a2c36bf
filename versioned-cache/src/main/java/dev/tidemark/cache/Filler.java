package dev.tidemark.cache;

import dev.tidemark.cache.Read.Served;
import dev.tidemark.cache.SingleFlight.Landed;
import dev.tidemark.cache.store.Acquisition;
import dev.tidemark.cache.store.Acquisition.Acquired;
import dev.tidemark.cache.store.Acquisition.AlreadyCached;
import dev.tidemark.cache.store.Acquisition.BeingFilled;
import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.cache.store.EntryStoreException;
import dev.tidemark.cache.store.FillResult;
import dev.tidemark.cache.store.Lookup;
import dev.tidemark.cache.store.Offer;
import dev.tidemark.cache.store.Outcome;
import dev.tidemark.cache.store.Outcome.Applied;
import dev.tidemark.cache.store.Outcome.Failed;
import dev.tidemark.cache.store.RefreshResult;
import dev.tidemark.cache.store.Tokens;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.ToLongFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Handles a miss, for one key or for many at once: it takes the leases, reads the source through
/// the gate, and fills. For keys that other readers are filling it waits a little, and then reads
/// the source without filling. Thread-safe.
final class Filler {

  private static final Logger log = LoggerFactory.getLogger(Filler.class);

  private final EntryStore store;
  private final CacheSettings settings;
  private final TimeToLive lives;
  private final DatabaseGate database;
  private final Disproof disproof;
  private final CacheMetrics metrics;
  private final Tokens tokens = new Tokens();

  Filler(
      EntryStore store,
      CacheSettings settings,
      TimeToLive lives,
      DatabaseGate database,
      Disproof disproof,
      CacheMetrics metrics) {
    this.store = store;
    this.settings = settings;
    this.lives = lives;
    this.database = database;
    this.disproof = disproof;
    this.metrics = metrics;
  }

  /// Brings each of the keys, with one round trip to the store for each step of all keys.
  ///
  /// @param least by key: a version below it in the store is not served, but renewed from the
  ///   source
  Map<String, Landed> fill(
      Collection<String> keys, ToLongFunction<String> least, BulkSource source) {
    Filling filling = new Filling(least, source);
    Backoff backoff = new Backoff(settings.leaseWait());
    Set<String> missing = new LinkedHashSet<>(keys);
    try {
      while (true) {
        missing = filling.attempt(List.copyOf(missing));
        if (missing.isEmpty()) {
          return filling.landed;
        }
        if (!backoff.pause()) {
          filling.landed.putAll(read(missing, Served.NOT_STORED, source));
          return filling.landed;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SourceException(String.join(", ", missing), e);
    }
  }

  /// Brings each of the keys from the source, when the content of the store is not wanted or not
  /// trusted, and corrects the store.
  Map<String, Landed> pastStore(Collection<String> keys, Served served, BulkSource source) {
    List<String> asked = List.copyOf(keys);
    List<Outcome<Lookup>> found = store.lookup(asked);
    Map<String, CachedValue> seen = new HashMap<>();
    for (int i = 0; i < asked.size(); i++) {
      if (found.get(i) instanceof Applied<Lookup>(Lookup.Hit(CachedValue value))) {
        seen.put(asked.get(i), value);
      }
    }
    return pastStore(asked, seen, served, source);
  }

  /// Brings the keys in the same way when the store gave no answer just now: it is not asked once
  /// more.
  Map<String, Landed> withoutStore(Collection<String> keys, BulkSource source) {
    return pastStore(keys, Map.of(), Served.DEGRADED, source);
  }

  /// Brings from the source what was seen in the store and is not new enough for the reader. A
  /// value that the source has itself stays: the reader may demand a version that the source has
  /// not reached.
  Map<String, Landed> renew(Map<String, CachedValue> seen, BulkSource source) {
    return pastStore(seen.keySet(), seen, Served.NOT_STORED, source);
  }

  /// @param seen content of the store before the source is read
  private Map<String, Landed> pastStore(
      Collection<String> keys, Map<String, CachedValue> seen, Served served, BulkSource source) {
    Map<String, Landed> landed = read(keys, served, source);
    List<Offer> offers = new ArrayList<>();
    landed.forEach(
        (key, brought) -> {
          CachedValue now = brought.read().value();
          CachedValue then = seen.get(key);
          if (then == null || then.version() < now.version()) {
            offers.add(lives.offer(key, now));
          } else {
            disproof.check(key, then, now);
          }
        });
    List<Outcome<RefreshResult>> refreshed = store.refresh(offers);
    for (int i = 0; i < offers.size(); i++) {
      switch (refreshed.get(i)) {
        case Applied<RefreshResult>(RefreshResult result) -> {
          metrics.refresh(result);
          if (result == RefreshResult.REFRESHED && served == Served.NOT_STORED) {
            landed.computeIfPresent(offers.get(i).key(), (key, read) -> read.stored());
          }
        }
        case Failed<RefreshResult>(EntryStoreException cause) -> {
          metrics.refreshFailed();
          log.atDebug().setCause(cause).log("not refreshed");
        }
      }
    }
    return landed;
  }

  /// Reads the source, which holds everything that was ever evicted for, as of the moment at which
  /// it is asked.
  private Map<String, Landed> read(Collection<String> keys, Served served, BulkSource source) {
    long asOf = System.nanoTime();
    Set<String> asked = Set.copyOf(keys);
    Map<String, CachedValue> values =
        database.read(String.join(", ", asked), () -> source.read(asked));
    Map<String, Landed> landed = new HashMap<>();
    for (String key : asked) {
      CachedValue value = values.getOrDefault(key, new CachedValue.Absent(0));
      landed.put(key, new Landed(new Read(value, served), asOf));
    }
    return landed;
  }

  /// Returns the result for a key that was asked for.
  static Landed of(Map<String, Landed> landed, String key) {
    return Objects.requireNonNull(landed.get(key), key);
  }

  /// One reader during a fill. Confined to one thread.
  private final class Filling {

    private final ToLongFunction<String> least;
    private final BulkSource source;
    private final String token = tokens.next();
    private final Map<String, Landed> landed = new HashMap<>();
    private boolean waited;

    Filling(ToLongFunction<String> least, BulkSource source) {
      this.least = least;
      this.source = source;
    }

    /// @return the keys that others are filling
    Set<String> attempt(List<String> keys) {
      long asOf = System.nanoTime();
      List<Outcome<Acquisition>> outcomes = store.acquire(keys, token, settings.leaseTtl());
      List<String> leased = new ArrayList<>();
      List<String> unanswered = new ArrayList<>();
      Map<String, CachedValue> tooOld = new HashMap<>();
      Set<String> again = new LinkedHashSet<>();
      for (int i = 0; i < keys.size(); i++) {
        String key = keys.get(i);
        switch (outcomes.get(i)) {
          case Applied<Acquisition>(Acquired()) -> leased.add(key);
          case Applied<Acquisition>(AlreadyCached(CachedValue value))
              when value.version() >= least.applyAsLong(key) ->
              landed.put(key, new Landed(new Read(value, Served.HIT), asOf));
          case Applied<Acquisition>(AlreadyCached(CachedValue value)) -> tooOld.put(key, value);
          case Applied<Acquisition>(BeingFilled(long _)) -> {
            countWait();
            again.add(key);
          }
          case Failed<Acquisition>(EntryStoreException cause) -> {
            log.atDebug().addKeyValue("key", key).setCause(cause).log("read without the cache");
            unanswered.add(key);
          }
        }
      }
      if (!leased.isEmpty()) {
        fillUnderLease(leased);
      }
      if (!tooOld.isEmpty()) {
        landed.putAll(renew(tooOld, source));
      }
      if (!unanswered.isEmpty()) {
        landed.putAll(withoutStore(unanswered, source));
      }
      return again;
    }

    private void fillUnderLease(List<String> keys) {
      Map<String, Landed> read;
      try {
        read = read(keys, Served.NOT_STORED, source);
      } catch (RuntimeException e) {
        release(keys);
        throw e;
      }
      landed.putAll(read);
      List<Offer> offers =
          keys.stream().map(key -> lives.offer(key, of(read, key).read().value())).toList();
      long asOf = System.nanoTime();
      List<Outcome<FillResult>> results = store.fill(token, offers);
      for (int i = 0; i < keys.size(); i++) {
        switch (results.get(i)) {
          case Applied<FillResult>(FillResult result) -> {
            metrics.fill(result);
            if (result instanceof FillResult.Stored) {
              // The lease was there all the time, and the value is not below its floor, so it is
              // still the newest.
              Read stored = new Read(offers.get(i).value(), Served.STORED);
              landed.put(keys.get(i), new Landed(stored, asOf));
            }
          }
          case Failed<FillResult>(EntryStoreException cause) -> {
            metrics.fillFailed();
            log.atDebug().addKeyValue("key", keys.get(i)).setCause(cause).log("not filled");
          }
        }
      }
    }

    private void release(List<String> keys) {
      try {
        keys.forEach(key -> store.release(key, token));
      } catch (EntryStoreException e) {
        log.atDebug().setCause(e).log("leases not released; they expire");
      }
    }

    private void countWait() {
      if (!waited) {
        metrics.leaseWait();
        waited = true;
      }
    }
  }
}
