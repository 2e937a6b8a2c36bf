package dev.tidemark.cache;

import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.Offer;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/// Lifetime of entries: a random share of the TTL, so that entries that came together do not expire
/// together. Immutable.
///
/// @param ttl the bound of staleness: no life is longer
/// @param negativeTtl the same for absence
/// @param leastShare no life is a smaller share of these
public record TimeToLive(Duration ttl, Duration negativeTtl, double leastShare) {

  private static final double LEAST_SHARE = 0.85;

  /// Least share when a whole cache is filled at once: nothing else spreads the expiry of its
  /// entries.
  private static final double LEAST_SHARE_OF_MANY = 0.5;

  TimeToLive(Duration ttl, Duration negativeTtl) {
    this(ttl, negativeTtl, LEAST_SHARE);
  }

  /// Returns the lifetime for a program that fills a whole cache at once.
  public static TimeToLive ofMany(CacheSettings settings) {
    return new TimeToLive(settings.ttl(), settings.negativeTtl(), LEAST_SHARE_OF_MANY);
  }

  public Offer offer(String key, CachedValue value) {
    return new Offer(key, value, of(value));
  }

  Duration of(CachedValue value) {
    double share = ThreadLocalRandom.current().nextDouble(leastShare, 1.0);
    return Duration.ofMillis(Math.max(1, (long) (longest(value).toMillis() * share)));
  }

  Duration longest(CachedValue value) {
    return switch (value) {
      case CachedValue.Present _ -> ttl;
      case CachedValue.Absent _ -> negativeTtl;
    };
  }
}
