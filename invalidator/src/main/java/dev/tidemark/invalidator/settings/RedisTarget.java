package dev.tidemark.invalidator.settings;

import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.cache.redis.RedisSettings;
import java.time.Duration;

/// Where the cache is.
///
/// @param url may hold a password
/// @param timeout for a connection, and for the answers to one batch
public record RedisTarget(String url, Duration timeout) {

  private static final String URL = "REDIS_URL";
  static final String TIMEOUT = "TIDEMARK_INVALIDATOR_REDIS_TIMEOUT_MS";
  private static final int LONGEST_TIMEOUT_MILLIS = 60_000;

  /// One batch is under way at a time; its single repeats have several.
  private static final int CONNECTIONS = 16;

  public static RedisTarget from(Environment environment) {
    String url = environment.secret(URL);
    if (!url.isEmpty()) {
      try {
        RedisConnection.check(url);
      } catch (IllegalArgumentException e) {
        environment.fault(URL + ": " + e.getMessage());
      }
    }
    return new RedisTarget(
        url, Duration.ofMillis(environment.number(TIMEOUT, 1000, 1, LONGEST_TIMEOUT_MILLIS)));
  }

  public RedisTarget withTimeout(Duration other) {
    return new RedisTarget(url, other);
  }

  /// Opens connections to it.
  ///
  /// @throws dev.tidemark.cache.store.EntryStoreException when a cluster, or the sentinels, do not
  ///   answer: they must be reached once to know where the servers are
  public RedisConnection open() {
    return RedisConnection.open(url, new RedisSettings(timeout, timeout, timeout, CONNECTIONS));
  }

  @Override
  public String toString() {
    return "RedisTarget[timeout=" + timeout + "]";
  }
}
