package dev.tidemark.cache;

import static org.awaitility.Awaitility.await;

import dev.tidemark.embedded.Ports;
import dev.tidemark.embedded.RedisServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.util.JedisClusterCRC16;

/// A Redis Cluster of two primaries, each with one half of the slots at first.
final class TwoNodeCluster implements AutoCloseable {

  static final int SLOTS = 16384;

  /// One of two is no majority: the survivor, too, would stop serving after this time.
  private static final String NODE_TIMEOUT_MILLIS = "15000";

  private final RedisServer first;
  private final RedisServer second;

  private TwoNodeCluster(RedisServer first, RedisServer second) {
    this.first = first;
    this.second = second;
  }

  static TwoNodeCluster start(Path dir) {
    TwoNodeCluster cluster = new TwoNodeCluster(node(dir, "first"), node(dir, "second"));
    try (Jedis one = admin(cluster.first);
        Jedis two = admin(cluster.second)) {
      one.clusterAddSlots(IntStream.range(0, SLOTS / 2).toArray());
      two.clusterAddSlots(IntStream.range(SLOTS / 2, SLOTS).toArray());
      two.sendCommand(
          Protocol.Command.CLUSTER,
          "MEET",
          "127.0.0.1",
          Integer.toString(cluster.first.port()),
          one.configGet("cluster-port").get("cluster-port"));
    }
    cluster.awaitOk();
    return cluster;
  }

  RedisServer first() {
    return first;
  }

  RedisServer second() {
    return second;
  }

  String url() {
    return "redis://127.0.0.1:" + first.port() + ",127.0.0.1:" + second.port();
  }

  /// The node that has the key's slot at first.
  RedisServer home(String key) {
    return JedisClusterCRC16.getSlot(key) < SLOTS / 2 ? first : second;
  }

  RedisServer other(RedisServer node) {
    return node == first ? second : first;
  }

  void awaitOk() {
    try (Jedis one = admin(first);
        Jedis two = admin(second)) {
      await().atMost(Duration.ofSeconds(20)).until(() -> isOk(one) && isOk(two));
    }
  }

  /// Both nodes know that the slot is on its way: a key that the source does not have (any more) is
  /// asked for at the target. Where an old message took the slot from the source after its last
  /// move, the source takes it back first.
  void beginMove(int slot, RedisServer from) {
    RedisServer to = other(from);
    try (Jedis source = admin(from);
        Jedis target = admin(to)) {
      await("slot " + slot + " of " + from.port() + " can be moved")
          .atMost(Duration.ofSeconds(20))
          .pollDelay(Duration.ZERO)
          .ignoreExceptionsInstanceOf(JedisDataException.class)
          .until(
              () -> {
                if (portOfOwner(source, slot) != from.port()) {
                  endMove(slot, to);
                }
                target.clusterSetSlotImporting(slot, source.clusterMyId());
                source.clusterSetSlotMigrating(slot, target.clusterMyId());
                return true;
              });
    }
  }

  void moveKeys(int slot, RedisServer from) {
    try (Jedis source = admin(from)) {
      List<String> keys = source.clusterGetKeysInSlot(slot, 100);
      while (!keys.isEmpty()) {
        for (String key : keys) {
          source.migrate("127.0.0.1", other(from).port(), key, 0, 5000);
        }
        keys = source.clusterGetKeysInSlot(slot, 100);
      }
    }
  }

  /// The target first: it must not send back to the source what the source sends to it. And with
  /// the highest epoch: else an old message of the source, still on its way, takes the slot back.
  /// Said again until both agree: a source that raised its own epoch meanwhile (Redis does that by
  /// itself where two epochs are equal) is believed by the target once more.
  void endMove(int slot, RedisServer from) {
    RedisServer to = other(from);
    try (Jedis source = admin(from);
        Jedis target = admin(to)) {
      String id = target.clusterMyId();
      await("both nodes take " + to.port() + " for the owner of slot " + slot)
          .atMost(Duration.ofSeconds(20))
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(100))
          .until(
              () -> {
                target.clusterBumpEpoch();
                target.clusterSetSlotNode(slot, id);
                source.clusterSetSlotNode(slot, id);
                return portOfOwner(source, slot) == to.port()
                    && portOfOwner(target, slot) == to.port();
              });
    }
  }

  private static long portOfOwner(Jedis asked, int slot) {
    for (Object each : (List<?>) asked.sendCommand(Protocol.Command.CLUSTER, "SLOTS")) {
      List<?> range = (List<?>) each;
      if ((long) range.get(0) <= slot && slot <= (long) range.get(1)) {
        return (long) ((List<?>) range.get(2)).get(1);
      }
    }
    return -1;
  }

  void move(int slot, RedisServer from) {
    beginMove(slot, from);
    moveKeys(slot, from);
    endMove(slot, from);
  }

  @Override
  public void close() {
    second.close();
    first.close();
  }

  private static RedisServer node(Path dir, String name) {
    return RedisServer.start(
        dir.resolve(name),
        0,
        // The usual one, 10000 above the port, may be beyond the last.
        "--cluster-port",
        Integer.toString(Ports.free()),
        "--cluster-enabled",
        "yes",
        "--cluster-node-timeout",
        NODE_TIMEOUT_MILLIS,
        "--cluster-require-full-coverage",
        "no");
  }

  static Jedis admin(RedisServer server) {
    return new Jedis("127.0.0.1", server.port(), 10_000);
  }

  private static boolean isOk(Jedis node) {
    String info = node.clusterInfo();
    return info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:2");
  }
}
