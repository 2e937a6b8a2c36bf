package dev.tidemark.cache.redis;

import dev.tidemark.embedded.RedisCluster;
import dev.tidemark.embedded.RedisServer;
import java.nio.file.Path;
import java.time.Duration;
import redis.clients.jedis.Jedis;

/// A Redis Cluster of two primaries, each with one half of the slots at first: a key that is not at
/// the one is at the other.
public final class TwoNodeCluster implements AutoCloseable {

  /// Time for which the test lasts at most: one of two is no majority, so the survivor, too, would
  /// stop serving after it.
  private static final Duration NODE_TIMEOUT = Duration.ofSeconds(15);

  private final RedisCluster cluster;

  private TwoNodeCluster(RedisCluster cluster) {
    this.cluster = cluster;
  }

  public static TwoNodeCluster start(Path dir) {
    return new TwoNodeCluster(RedisCluster.start(dir, 2, NODE_TIMEOUT));
  }

  public RedisServer first() {
    return cluster.primaries().getFirst();
  }

  public RedisServer second() {
    return cluster.primaries().getLast();
  }

  public String url() {
    return cluster.url();
  }

  /// Returns the node that has the key's slot at first.
  public RedisServer home(String key) {
    return cluster.home(key);
  }

  RedisServer other(RedisServer node) {
    return node == first() ? second() : first();
  }

  public void awaitOk() {
    cluster.awaitOk();
  }

  void beginMove(int slot, RedisServer from) {
    cluster.beginMove(slot, from, other(from));
  }

  void moveKeys(int slot, RedisServer from) {
    cluster.moveKeys(slot, from, other(from));
  }

  void endMove(int slot, RedisServer from) {
    cluster.endMove(slot, from, other(from));
  }

  void move(int slot, RedisServer from) {
    cluster.move(slot, from, other(from));
  }

  @Override
  public void close() {
    cluster.close();
  }

  static Jedis admin(RedisServer server) {
    return new Jedis("127.0.0.1", server.port(), 10_000);
  }
}
