package dev.tidemark.cache.redis;

import static dev.tidemark.cache.store.EntryStoreContract.TTL;
import static dev.tidemark.cache.store.EntryStoreContract.value;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.cache.store.Eviction;
import dev.tidemark.cache.store.EvictionRequest;
import dev.tidemark.cache.store.FillResult.LeaseLost;
import dev.tidemark.cache.store.FillResult.Stored;
import dev.tidemark.cache.store.FillResult.Superseded;
import dev.tidemark.cache.store.Lookup.Miss;
import dev.tidemark.cache.store.Outcome.Applied;
import dev.tidemark.embedded.RedisReplication;
import dev.tidemark.embedded.RedisServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.RedisSentinelClient;

/// A primary, its replica, and three sentinels: when the primary dies the store continues by
/// itself.
class RedisSentinelIT {

  private static final String NAME = "cache";
  private static final Duration DOWN_AFTER = Duration.ofMillis(500);
  private static final Duration FAILOVER = Duration.ofSeconds(20);
  private static final String KEY = "product:1";
  private static final String READER = "reader";

  @TempDir Path dir;
  private RedisServer primary;
  private RedisServer replica;
  private List<RedisServer> sentinels;
  private RedisConnection connection;
  private EntryStore store;

  @BeforeEach
  void start() {
    primary = RedisServer.start(dir.resolve("primary"), 0, "--repl-diskless-sync-delay", "0");
    replica = RedisReplication.startReplica(dir.resolve("replica"), primary);
    sentinels =
        IntStream.range(0, 3)
            .mapToObj(
                i ->
                    RedisReplication.startSentinel(
                        dir.resolve("sentinel" + i), NAME, primary, 2, DOWN_AFTER))
            .toList();
    sentinels.forEach(RedisSentinelIT::awaitCompany);
    connection =
        RedisConnection.open(
            sentinels.stream()
                .map(sentinel -> "127.0.0.1:" + sentinel.port())
                .collect(Collectors.joining(",", "redis://", "?sentinel=" + NAME)),
            RedisSettings.defaults().withTimeout(Duration.ofSeconds(1)));
    store = connection.entries();
  }

  @AfterEach
  void stop() {
    connection.close();
    sentinels.forEach(RedisServer::close);
    replica.close();
    primary.close();
  }

  @Test
  void whenThePrimaryDiesTheStoreGoesOnAndNothingStaleIsStored_H4() {
    store.acquire(KEY, READER, TTL);
    store.evict(KEY, 2);
    RedisReplication.awaitReplica(primary);

    primary.kill();

    // It is repeated until it is answered, like by the invalidator.
    List<EvictionRequest> again = List.of(new EvictionRequest(KEY, 2));
    await()
        .atMost(FAILOVER)
        .until(() -> store.evict(again).stream().allMatch(Applied.class::isInstance));

    assertThat(store.fill(KEY, READER, value(1), TTL)).isIn(new Superseded(2), new LeaseLost());
    assertThat(store.lookup(KEY)).isEqualTo(new Miss());
    store.acquire(KEY, "next", TTL);
    assertThat(store.fill(KEY, "next", value(2), TTL)).isEqualTo(new Stored());
  }

  @Test
  void anOrderlyFailoverIsFollowed_H4() {
    store.acquire(KEY, READER, TTL);
    RedisReplication.awaitReplica(primary);
    try (Jedis sentinel = admin(sentinels.getFirst())) {
      sentinel.sentinelFailover(NAME);
    }
    RedisSentinelClient client = (RedisSentinelClient) connection.client();
    await().atMost(FAILOVER).until(() -> client.getCurrentMaster().getPort() == replica.port());

    // The old primary lives on, until a sentinel demotes it.
    assertThat(store.evict(List.of(new EvictionRequest(KEY, 2))))
        .containsExactly(new Applied<>(Eviction.FLOOR_RAISED));
    try (Jedis promoted = admin(replica)) {
      assertThat(promoted.get(KEY)).isEqualTo("L2:reader\n");
    }
    assertThat(store.fill(KEY, READER, value(1), TTL)).isEqualTo(new Superseded(2));
  }

  /// Waits until the sentinel knows the others and the replica: it promotes only what it knows.
  private static void awaitCompany(RedisServer sentinel) {
    try (Jedis admin = admin(sentinel)) {
      await()
          .atMost(FAILOVER)
          .until(
              () ->
                  admin.sentinelReplicas(NAME).stream()
                          .anyMatch(each -> each.get("master-link-status").equals("ok"))
                      && admin.sentinelSentinels(NAME).size() == 2);
    }
  }

  private static Jedis admin(RedisServer server) {
    return new Jedis("127.0.0.1", server.port(), 10_000);
  }
}
