package dev.tidemark.cache.redis;

import java.time.Duration;

/// Time limits for Redis, and the number of connections to each server.
///
/// The times are short: a reader has its source to go to instead.
///
/// @param connectTimeout for a new connection
/// @param readTimeout for an answer
/// @param poolTimeout for a connection when all are in use
/// @param maxConnections at least 1
public record RedisSettings(
    Duration connectTimeout, Duration readTimeout, Duration poolTimeout, int maxConnections) {

  public RedisSettings {
    check("connectTimeout", connectTimeout);
    check("readTimeout", readTimeout);
    check("poolTimeout", poolTimeout);
    if (maxConnections < 1) {
      throw new IllegalArgumentException("maxConnections " + maxConnections + " is less than 1");
    }
  }

  /// Returns settings for a service that answers requests: 50 ms each, 64 connections.
  public static RedisSettings defaults() {
    Duration each = Duration.ofMillis(50);
    return new RedisSettings(each, each, each, 64);
  }

  /// Returns the same settings with this time for each of the three.
  public RedisSettings withTimeout(Duration each) {
    return new RedisSettings(each, each, each, maxConnections);
  }

  private static void check(String name, Duration time) {
    if (time.toMillis() < 1 || time.toMillis() > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(name + " " + time + " is not within 1 ms..24 days");
    }
  }
}
