package dev.tidemark.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemark.cache.redis.RedisEntryStore;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import redis.clients.jedis.AbstractPipeline;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Response;
import redis.clients.jedis.UnifiedJedis;

/// The Redis whose entries are evicted. It fills it, evicts by a plain pipeline, and counts the
/// evictions by the server's own statistics. Confined to one thread.
final class EvictionRedis implements AutoCloseable {

  private static final int TIMEOUT_MILLIS = 60_000;

  private final UnifiedJedis client;
  private final Jedis observer;
  private final byte[] script;

  private EvictionRedis(UnifiedJedis client, Jedis observer, byte[] script) {
    this.client = client;
    this.observer = observer;
    this.script = script;
  }

  static EvictionRedis open(UnifiedJedis client, int port) throws IOException {
    String script = evictScript();
    Jedis observer = new Jedis("127.0.0.1", port, TIMEOUT_MILLIS);
    return new EvictionRedis(client, observer, observer.scriptLoad(script).getBytes(UTF_8));
  }

  private static String evictScript() throws IOException {
    try (InputStream in = RedisEntryStore.class.getResourceAsStream("evict.lua")) {
      if (in == null) {
        throw new IllegalStateException("evict.lua is not beside RedisEntryStore");
      }
      return new String(in.readAllBytes(), UTF_8);
    }
  }

  /// Empties it, except for the scripts.
  ///
  /// @param entries so many products have an entry afterwards, of version 1
  void reset(int entries, int payload, int batch) {
    observer.flushAll();
    byte[] entry = ("V1\n" + "x".repeat(payload)).getBytes(UTF_8);
    for (int from = 0; from < entries; from += batch) {
      try (AbstractPipeline pipeline = client.pipelined()) {
        for (int n = from; n < Math.min(from + batch, entries); n++) {
          pipeline.set(EvictionTopic.key(n).getBytes(UTF_8), entry);
        }
      }
    }
  }

  long entries() {
    return observer.dbSize();
  }

  /// Evicts a range of products, a batch in a round trip, and checks each answer.
  void evictInPipelines(int from, int to, int batch) {
    for (int begin = from; begin < to; begin += batch) {
      List<Response<Object>> answers = new ArrayList<>(batch);
      try (AbstractPipeline pipeline = client.pipelined()) {
        for (int n = begin; n < Math.min(begin + batch, to); n++) {
          answers.add(
              pipeline.evalsha(
                  script,
                  List.of(EvictionTopic.key(n).getBytes(UTF_8)),
                  List.of(Long.toString(EvictionTopic.VERSION).getBytes(UTF_8))));
        }
      }
      for (Response<Object> answer : answers) {
        if (!(answer.get() instanceof Long)) {
          throw new IllegalStateException("an eviction was answered with " + answer.get());
        }
      }
    }
  }

  @Override
  public void close() {
    observer.close();
  }
}
