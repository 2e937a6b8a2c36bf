package dev.tidemark.cache;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/// How long entries live: a random share of the TTL, so that what came together does not go
/// together. Immutable.
///
/// @param ttl the bound of staleness: no life is longer
/// @param negativeTtl the same for absence
record Lives(Duration ttl, Duration negativeTtl) {

  private static final double LEAST_SHARE = 0.85;

  Offer offer(String key, CachedValue value) {
    return new Offer(key, value, of(value));
  }

  Duration of(CachedValue value) {
    double share = ThreadLocalRandom.current().nextDouble(LEAST_SHARE, 1.0);
    return Duration.ofMillis(Math.max(1, (long) (longest(value).toMillis() * share)));
  }

  Duration longest(CachedValue value) {
    return switch (value) {
      case CachedValue.Present _ -> ttl;
      case CachedValue.Absent _ -> negativeTtl;
    };
  }
}
