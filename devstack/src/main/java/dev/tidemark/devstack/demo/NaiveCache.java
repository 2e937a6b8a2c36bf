package dev.tidemark.devstack.demo;

import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jdbi.v3.core.Jdbi;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.params.SetParams;

/// Usual cache-aside, for comparison: a reader that misses reads the database and stores what it
/// found; a writer deletes the entry after its commit. No versions, no leases. It uses the same
/// Redis, another prefix, and the same time to live. Thread-safe.
final class NaiveCache {
  static final String PREFIX = "naive:";
  private static final long TTL_SECONDS = 300;
  private static final Pattern VERSION = Pattern.compile("\"version\":(\\d+)");

  private final RedisClient redis;
  private final Jdbi database;

  NaiveCache(RedisClient redis, Jdbi database) {
    this.redis = redis;
    this.database = database;
  }

  /// @param version empty when there is no such product
  record Answer(OptionalLong version, boolean hit) {}

  Answer read(String id) {
    String cached = redis.get(PREFIX + id);
    if (cached != null) {
      return new Answer(version(cached), true);
    }
    String found =
        database.withHandle(
            handle ->
                handle
                    .createQuery(
                        "select product_json(p)::text from product p where id = :id and deleted_at is null")
                    .bind("id", id)
                    .mapTo(String.class)
                    .findOne()
                    .orElse(""));
    if (found.isEmpty()) {
      return new Answer(OptionalLong.empty(), false);
    }
    redis.set(PREFIX + id, found, SetParams.setParams().ex(TTL_SECONDS));
    return new Answer(version(found), false);
  }

  void evict(String id) {
    redis.del(PREFIX + id);
  }

  static OptionalLong version(String json) {
    Matcher matcher = VERSION.matcher(json);
    return matcher.find()
        ? OptionalLong.of(Long.parseLong(matcher.group(1)))
        : OptionalLong.empty();
  }
}
