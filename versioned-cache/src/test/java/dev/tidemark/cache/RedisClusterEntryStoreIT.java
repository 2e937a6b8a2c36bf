package dev.tidemark.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.cache.Outcome.Applied;
import dev.tidemark.cache.Outcome.Failed;
import dev.tidemark.embedded.RedisServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.util.JedisClusterCRC16;

/// The contract on a Redis Cluster of two primaries, and what only a cluster does: move slots, and
/// lose one node of several.
class RedisClusterEntryStoreIT extends EntryStoreContract {

  private static final int SLOTS = 16384;

  /// One of two is no majority: the survivor, too, would stop serving after this time.
  private static final String NODE_TIMEOUT_MILLIS = "15000";

  @TempDir static Path dir;
  private static RedisServer first;
  private static RedisServer second;
  private static RedisConnection connection;

  private final EntryStore store = connection.entries();

  @BeforeAll
  static void start() {
    first = node("first");
    second = node("second");
    try (Jedis one = admin(first);
        Jedis two = admin(second)) {
      one.clusterAddSlots(IntStream.range(0, SLOTS / 2).toArray());
      two.clusterAddSlots(IntStream.range(SLOTS / 2, SLOTS).toArray());
      two.sendCommand(
          Protocol.Command.CLUSTER,
          "MEET",
          "127.0.0.1",
          Integer.toString(first.port()),
          one.configGet("cluster-port").get("cluster-port"));
    }
    awaitCluster();
    connection =
        RedisConnection.open(
            "redis://127.0.0.1:" + first.port() + ",127.0.0.1:" + second.port(), PATIENT);
  }

  @AfterAll
  static void stop() {
    connection.close();
    second.close();
    first.close();
  }

  @Override
  EntryStore store() {
    return store;
  }

  @Test
  void ofABatchOnlyTheEvictionsOfADeadNodeFail_H37() {
    List<EvictionRequest> batch =
        IntStream.range(0, 40).mapToObj(i -> new EvictionRequest(key + i, 2)).toList();
    batch.forEach(request -> given(request.key(), value(1)));

    second.kill();
    try {
      List<Outcome<Eviction>> outcomes = store.evict(batch);
      for (int i = 0; i < batch.size(); i++) {
        if (slotOf(batch.get(i)) < SLOTS / 2) {
          assertThat(outcomes.get(i)).isEqualTo(new Applied<>(Eviction.EVICTED));
        } else {
          assertThat(outcomes.get(i)).isInstanceOf(Failed.class);
        }
      }
    } finally {
      second.restart();
      awaitCluster();
    }
    assertThat(store.evict(batch))
        .hasSize(batch.size())
        .containsOnly(new Applied<>(Eviction.ABSENT));
  }

  @Test
  void theEvictionOfAKeyThatMovedFollowsIt_H37() {
    given(value(1));
    int slot = JedisClusterCRC16.getSlot(key);
    RedisServer from = slot < SLOTS / 2 ? first : second;
    RedisServer to = slot < SLOTS / 2 ? second : first;
    move(slot, from, to);
    try {
      assertThat(
              store.evict(List.of(new EvictionRequest(key, 2), new EvictionRequest(key + "x", 2))))
          .containsExactly(new Applied<>(Eviction.EVICTED), new Applied<>(Eviction.ABSENT));
      given(value(2));
      assertThat(lookups(List.of(key))).containsExactly(new Lookup.Hit(value(2)));
    } finally {
      store.evictByForce(key);
      move(slot, to, from);
    }
  }

  private static void awaitCluster() {
    try (Jedis one = admin(first);
        Jedis two = admin(second)) {
      await().atMost(Duration.ofSeconds(20)).until(() -> isOk(one) && isOk(two));
    }
  }

  private static int slotOf(EvictionRequest request) {
    return JedisClusterCRC16.getSlot(request.key());
  }

  private void move(int slot, RedisServer from, RedisServer to) {
    try (Jedis source = admin(from);
        Jedis target = admin(to)) {
      target.clusterSetSlotImporting(slot, source.clusterMyId());
      source.clusterSetSlotMigrating(slot, target.clusterMyId());
      for (String each : source.clusterGetKeysInSlot(slot, 100)) {
        source.migrate("127.0.0.1", to.port(), each, 0, 1000);
      }
      source.clusterSetSlotNode(slot, target.clusterMyId());
      target.clusterSetSlotNode(slot, target.clusterMyId());
    }
  }

  private static RedisServer node(String name) {
    return RedisServer.start(
        dir.resolve(name),
        0,
        "--cluster-port",
        Integer.toString(freePort()),
        "--cluster-enabled",
        "yes",
        "--cluster-node-timeout",
        NODE_TIMEOUT_MILLIS,
        "--cluster-require-full-coverage",
        "no");
  }

  /// The usual one, 10000 above the port, may be beyond the last.
  private static int freePort() {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Jedis admin(RedisServer server) {
    return new Jedis("127.0.0.1", server.port());
  }

  private static boolean isOk(Jedis node) {
    String info = node.clusterInfo();
    return info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:2");
  }
}
