package dev.tidemark.invalidation;

import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.cache.redis.RedisSettings;
import dev.tidemark.service.settings.Setting;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;

/// Address of the cache.
///
/// @param url may hold a password
/// @param timeout for a connection, and for the answers to one batch
public record RedisTarget(String url, Duration timeout) {

  public static final Setting<String> URL =
      Setting.secret("REDIS_URL", RedisConnection.URL_FORM, RedisConnection::checked);

  private static final Setting<Duration> TIMEOUT =
      Setting.time(
          "TIDEMARK_INVALIDATOR_REDIS_TIMEOUT_MS",
          ChronoUnit.MILLIS,
          1000,
          1,
          60_000,
          "for a connection to Redis, and for the answers to a batch");

  public static final List<Setting<?>> SETTINGS = List.of(URL, TIMEOUT);

  /// Number of connections. One batch is in progress at a time; its single repeats use several.
  private static final int CONNECTIONS = 16;

  public static RedisTarget from(Map<String, String> environment) {
    return new RedisTarget(URL.from(environment), TIMEOUT.from(environment));
  }

  public RedisTarget withTimeout(Duration other) {
    return new RedisTarget(url, other);
  }

  /// Opens connections.
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
