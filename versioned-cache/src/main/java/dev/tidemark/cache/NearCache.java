package dev.tidemark.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import dev.tidemark.cache.store.CachedValue;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/// The most popular values inside the process, kept correct by the invalidation topic. Thread-safe.
///
/// It serves only while the feed is alive; until then, and without entries, it costs next to
/// nothing. The version of each event is kept for a while as a floor, even if the key's value is
/// not here, for two races: the value was looked up before the event and is offered after it; and
/// the feed is ahead of the evictions, so that the store still holds the old value. A floor that is
/// dropped for lack of room counts as a missed event.
///
/// Versions of an aggregate follow each other without a hole, so an event two ahead of the last one
/// shows that one was missed: then no value in the near cache is trusted any more.
final class NearCache implements InvalidationListener {

  /// Largest number of floors, about 10 MB when full.
  private static final int MAX_FLOORS = 100_000;

  /// Time by which the evictions of the store may be behind the feed without harm.
  private static final Duration FLOOR_LIFE = Duration.ofSeconds(10);

  private final Cache<String, Kept> values;
  private final Cache<String, Long> floors;
  private final boolean on;
  private final long ttlNanos;
  private final long feedTimeoutNanos;
  private final LongSupplier nanoTime;
  private final Runnable onGap;
  private final AtomicLong generation = new AtomicLong();
  private volatile boolean fed;
  private volatile long lastAlive;

  /// @param generation the value is trusted only while this is the cache's generation
  /// @param since time when it was offered: a rewrite that leaves it in its place, for example by
  ///   an old event, gives it a new life in Caffeine, but not a longer one
  private record Kept(CachedValue value, long generation, long since) {}

  /// @param nanoTime a clock as [System#nanoTime]
  /// @param onGap called when an event was found missing
  NearCache(NearCacheSettings settings, LongSupplier nanoTime, Runnable onGap) {
    this.on = settings.isOn();
    this.nanoTime = nanoTime;
    this.onGap = onGap;
    this.ttlNanos = settings.ttl().toNanos();
    this.feedTimeoutNanos = settings.feedTimeout().toNanos();
    this.values =
        Caffeine.newBuilder()
            .maximumSize(settings.entries())
            .executor(Runnable::run)
            .expireAfterWrite(settings.ttl())
            .ticker(nanoTime::getAsLong)
            .build();
    this.floors =
        Caffeine.newBuilder()
            .maximumSize(MAX_FLOORS)
            .executor(Runnable::run)
            .expireAfterWrite(FLOOR_LIFE)
            .ticker(nanoTime::getAsLong)
            .<String, Long>evictionListener((key, floor, cause) -> floorGone(cause))
            .build();
  }

  /// Returns the value, when it is here and its feed is alive.
  Optional<CachedValue> get(String key) {
    Kept kept = isAlive() ? values.getIfPresent(key) : null;
    return kept != null
            && kept.generation() == generation.get()
            && nanoTime.getAsLong() - kept.since() < ttlNanos
        ? Optional.of(kept.value())
        : Optional.empty();
  }

  /// Returns the generation. To be asked before the store is asked for the value that is then
  /// offered.
  long generation() {
    return generation.get();
  }

  /// Returns the version that is known for the key from elsewhere than the store; 0 when none is.
  long floor(String key) {
    Long floor = isAlive() ? floors.getIfPresent(key) : null;
    return floor == null ? 0 : floor;
  }

  /// Keeps a value that was found in the store, unless the feed reported a newer version.
  ///
  /// @param asked the generation when the store was asked
  void offer(String key, CachedValue value, long asked) {
    if (!isAlive()) {
      return;
    }
    // Inside compute, so that an event for this key comes either completely before, and its floor
    // is seen here, or completely after, and finds the value.
    values
        .asMap()
        .compute(
            key,
            (same, held) -> {
              boolean refused =
                  value.version() < floor(key)
                      || (held != null && held.value().version() > value.version());
              return refused ? held : new Kept(value, asked, nanoTime.getAsLong());
            });
  }

  @Override
  public void changed(String key, long version) {
    long known = floor(key);
    Kept kept = values.getIfPresent(key);
    if ((known > 0 && version > known + 1)
        || (kept != null && version > kept.value().version() + 1)) {
      onGap.run();
      generation.incrementAndGet();
    }
    raise(key, version);
  }

  /// Notes that this process itself has committed the version, which is known here before the feed
  /// reports it.
  void written(String key, long version) {
    if (isAlive()) {
      raise(key, version);
    }
  }

  /// Drops a value that its source has disproved.
  void drop(String key, CachedValue disproved) {
    values
        .asMap()
        .compute(key, (same, held) -> held == null || held.value().equals(disproved) ? null : held);
  }

  private void raise(String key, long version) {
    floors.asMap().merge(key, version, Math::max);
    // Not computeIfPresent: while an offer of a first value is in progress it sees nothing, and
    // does not wait.
    values
        .asMap()
        .compute(
            key, (same, held) -> held == null || held.value().version() < version ? null : held);
  }

  @Override
  public void alive() {
    if (!on) {
      return;
    }
    if (!isAlive()) {
      generation.incrementAndGet();
    }
    lastAlive = nanoTime.getAsLong();
    fed = true;
  }

  @Override
  public void lost() {
    fed = false;
    generation.incrementAndGet();
  }

  private boolean isAlive() {
    return fed && nanoTime.getAsLong() - lastAlive < feedTimeoutNanos;
  }

  private void floorGone(RemovalCause cause) {
    if (cause == RemovalCause.SIZE) {
      generation.incrementAndGet();
    }
  }
}
