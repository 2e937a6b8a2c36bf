package dev.tidemark.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.sql.SQLException;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.params.SetParams;

/// Usual cache-aside: `GET`; on a miss the database, then `SET` with a time to live. Thread-safe.
final class PlainCache {

  private static final String PREFIX = "plain:";
  private static final long TTL_SECONDS = 300;

  private final UnifiedJedis redis;
  private final StampedeDatabase database;

  PlainCache(UnifiedJedis redis, StampedeDatabase database) {
    this.redis = redis;
    this.database = database;
  }

  byte[] read(String id) throws SQLException {
    byte[] key = key(id);
    byte[] cached = redis.get(key);
    if (cached != null) {
      return cached;
    }
    byte[] found = database.read(id).payload();
    redis.set(key, found, SetParams.setParams().ex(TTL_SECONDS));
    return found;
  }

  static void evict(UnifiedJedis redis, String id) {
    redis.del(key(id));
  }

  private static byte[] key(String id) {
    return (PREFIX + id).getBytes(UTF_8);
  }
}
