package dev.tidemark.cache;

import java.time.Duration;

/// Limits of the near cache, which keeps the most popular values inside the process.
///
/// @param entries how many values it keeps; 0 turns it off
/// @param ttl longest life of a value there; seconds
/// @param feedTimeout time without a sign of life of the feed of invalidations after which the near
///   cache serves nothing
public record NearCacheSettings(int entries, Duration ttl, Duration feedTimeout) {

  public NearCacheSettings {
    if (entries < 0) {
      throw new IllegalArgumentException("entries " + entries + " is less than 0");
    }
    if (ttl.toMillis() < 1 || feedTimeout.toMillis() < 1) {
      throw new IllegalArgumentException(
          "ttl " + ttl + " or feedTimeout " + feedTimeout + " is shorter than 1 ms");
    }
  }

  public static NearCacheSettings off() {
    return of(0);
  }

  /// Returns settings for this number of entries, for at most 2 seconds each, served while the feed
  /// was alive in the last second.
  public static NearCacheSettings of(int entries) {
    return new NearCacheSettings(entries, Duration.ofSeconds(2), Duration.ofSeconds(1));
  }

  boolean isOn() {
    return entries > 0;
  }
}
