package dev.tidemark.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;
import java.util.function.BiConsumer;
import redis.clients.jedis.AbstractPipeline;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.params.SetParams;

/// Cost of entries in a Redis that nobody else uses. Confined to one thread.
///
/// Each piece of work has connections of its own, which are gone before the memory is looked at:
/// their buffers are larger than what is measured.
///
/// @param keys as many as shall share what belongs to no single entry
record RedisMemory(String url, List<String> keys) {

  private static final long LIFE_MILLIS = 3_600_000;
  private static final int PIPELINED = 1000;
  private static final int LOOKS = 10_000;

  RedisMemory {
    keys = List.copyOf(keys);
  }

  /// Number of bytes of one entry.
  ///
  /// @param usage as `MEMORY USAGE` has it: key, value, and the entry of the main table
  /// @param share of `used_memory`: the same, and the tables of keys and of expiries
  record Cost(long usage, double share) {}

  /// Returns the cost of an entry with a time to live, when each of the keys has one.
  Cost ofEntry(byte[] entry) {
    SetParams life = SetParams.setParams().px(LIFE_MILLIS);
    double share = share(() -> forEachKey((pipeline, key) -> pipeline.set(key, entry, life)));
    try (RedisClient redis = RedisClient.create(url)) {
      return new Cost(redis.memoryUsage(keys.getFirst()), share);
    }
  }

  /// Returns what some work on all the keys leaves behind for each, in a Redis that was empty
  /// before.
  ///
  /// @param work closes the connections that it opens
  double share(Runnable work) {
    try (RedisClient redis = RedisClient.create(url)) {
      redis.flushAll();
    }
    long before = used();
    work.run();
    // A table that grows also keeps its predecessor, until each bucket has moved; every access
    // moves one.
    forEachKey(AbstractPipeline::get);
    return (double) (used() - before) / keys.size();
  }

  String allocator() {
    try (RedisClient redis = RedisClient.create(url)) {
      return field(redis, "mem_allocator");
    }
  }

  /// Returns the used memory without the scripts, which are cached once.
  private long used() {
    try (RedisClient redis = RedisClient.create(url)) {
      for (int look = 0; look < LOOKS; look++) {
        if (number(redis, "connected_clients") == 1) {
          return number(redis, "used_memory") - number(redis, "used_memory_scripts_eval");
        }
      }
    }
    throw new IllegalStateException("somebody else is connected to " + url);
  }

  private static long number(RedisClient redis, String field) {
    return Long.parseLong(field(redis, field));
  }

  private static String field(RedisClient redis, String name) {
    return redis
        .info()
        .lines()
        .filter(line -> line.startsWith(name + ":"))
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("Redis tells no " + name))
        .substring(name.length() + 1);
  }

  private void forEachKey(BiConsumer<AbstractPipeline, byte[]> command) {
    try (RedisClient redis = RedisClient.create(url);
        AbstractPipeline pipeline = redis.pipelined()) {
      for (int i = 0; i < keys.size(); i++) {
        command.accept(pipeline, keys.get(i).getBytes(UTF_8));
        if (i % PIPELINED == PIPELINED - 1) {
          pipeline.sync();
        }
      }
    }
  }
}
