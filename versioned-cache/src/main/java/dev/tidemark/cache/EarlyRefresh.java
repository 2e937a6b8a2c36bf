package dev.tidemark.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.cache.store.EntryStoreException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Renews popular entries in the background before they expire, so that no reader ever misses them.
/// Thread-safe.
///
/// Each hit draws the time by which it would renew early: exponentially distributed, so that among
/// many readers in many processes one is likely to be early enough, and few are. (Vattani,
/// Chierichetti, Lowenstein: Optimal Probabilistic Cache Stampede Prevention, VLDB 2015. There the
/// mean is the time that a read of the source takes; here it is a share of the TTL, which is
/// longer.)
///
/// A hit is a plain `GET`, which does not return the expiry of the entry. So now and then a hit
/// asks, and the answer is remembered; a popular key is soon known. The remembered expiry may be
/// outdated by another process's refresh: the store is asked once more before the source is.
final class EarlyRefresh {

  private static final Logger log = LoggerFactory.getLogger(EarlyRefresh.class);

  private static final int MAX_KNOWN = 10_000;

  /// Number of hits of which one asks for the remaining life of an entry, if that is not known.
  private static final int ASK_ONE_OF = 32;

  private final EntryStore store;
  private final DatabaseGate database;
  private final TimeToLive lives;
  private final double share;
  private final Disproof disproof;
  private final CacheMetrics metrics;
  private final Cache<String, Expiry> known;

  /// @param at a [System#nanoTime]
  /// @param busy whether a thread is about to ask, or to refresh, so that the others ignore the key
  private record Expiry(long version, long at, boolean busy) {
    Expiry claimed() {
      return new Expiry(version, at, true);
    }
  }

  /// @param share mean time before the expiry, as a share of the TTL; 0 turns this off
  EarlyRefresh(
      EntryStore store,
      DatabaseGate database,
      TimeToLive lives,
      double share,
      Disproof disproof,
      CacheMetrics metrics) {
    this.store = store;
    this.database = database;
    this.lives = lives;
    this.share = share;
    this.disproof = disproof;
    this.metrics = metrics;
    this.known = Caffeine.newBuilder().maximumSize(MAX_KNOWN).expireAfterWrite(lives.ttl()).build();
  }

  /// Notes that a reader was served this value.
  void hit(String key, CachedValue value, Source source) {
    if (share == 0) {
      return;
    }
    Expiry expiry = known.getIfPresent(key);
    if (expiry == null || expiry.version() != value.version()) {
      if (ThreadLocalRandom.current().nextInt(ASK_ONE_OF) == 0) {
        Expiry asking = new Expiry(value.version(), System.nanoTime(), true);
        known.put(key, asking);
        inBackground(key, () -> learn(key, value));
      }
    } else if (!expiry.busy()) {
      long early = early(value);
      if (expiry.at() - System.nanoTime() <= early
          && known.asMap().replace(key, expiry, expiry.claimed())) {
        inBackground(key, () -> renew(key, value, early, source));
      }
    }
  }

  /// Returns the nanoseconds before the expiry from which on this hit renews.
  private long early(CachedValue value) {
    double mean = lives.longest(value).toNanos() * share;
    return (long) (-Math.log(1 - ThreadLocalRandom.current().nextDouble()) * mean);
  }

  private void inBackground(String key, Runnable work) {
    Thread.ofVirtual()
        .name("early-refresh")
        .start(
            () -> {
              try {
                work.run();
              } catch (EntryStoreException | SourceException | DatabaseBusyException e) {
                known.invalidate(key);
                log.atDebug().addKeyValue("key", key).setCause(e).log("not renewed early");
              }
            });
  }

  private void learn(String key, CachedValue value) {
    remember(key, value, store.remainingLife(key));
  }

  private void remember(String key, CachedValue value, Optional<Duration> remaining) {
    remaining.ifPresentOrElse(
        life -> known.put(key, expiryOf(value, life)), () -> known.invalidate(key));
  }

  private void renew(String key, CachedValue value, long early, Source source) {
    Optional<Duration> remaining = store.remainingLife(key);
    if (remaining.isEmpty() || remaining.get().toNanos() > early) {
      // The entry is gone, or another process has renewed it.
      remember(key, value, remaining);
      return;
    }
    CachedValue now = database.readIfFree(key, source::read);
    Duration life = lives.of(now);
    if (now.version() > value.version()) {
      metrics.refresh(store.refresh(key, now, life));
    } else if (now.equals(value)) {
      metrics.earlyRefresh(store.prolong(key, now.version(), life));
    } else {
      disproof.check(key, value, now);
      known.invalidate(key);
      return;
    }
    known.put(key, expiryOf(now, life));
  }

  private static Expiry expiryOf(CachedValue value, Duration life) {
    return new Expiry(value.version(), System.nanoTime() + life.toNanos(), false);
  }
}
