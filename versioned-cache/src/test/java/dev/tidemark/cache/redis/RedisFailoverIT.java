package dev.tidemark.cache.redis;

import static dev.tidemark.cache.store.EntryStoreContract.PATIENT;
import static dev.tidemark.cache.store.EntryStoreContract.TTL;
import static dev.tidemark.cache.store.EntryStoreContract.value;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.cache.store.Eviction;
import dev.tidemark.cache.store.EvictionRequest;
import dev.tidemark.cache.store.FillResult.LeaseLost;
import dev.tidemark.cache.store.FillResult.Stored;
import dev.tidemark.cache.store.FillResult.Superseded;
import dev.tidemark.cache.store.Lookup.Filling;
import dev.tidemark.cache.store.Lookup.Hit;
import dev.tidemark.cache.store.Lookup.Miss;
import dev.tidemark.cache.store.Outcome;
import dev.tidemark.embedded.CuttableRoute;
import dev.tidemark.embedded.Ports;
import dev.tidemark.embedded.RedisReplication;
import dev.tidemark.embedded.RedisServer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;

/// A failover that loses the last writes: the replica is cut off, the primary continues and dies,
/// the replica is promoted behind the same address. Its old entries are stale until the evictions
/// are applied again, as the invalidator's rewind does; then none is.
class RedisFailoverIT {

  private static final String KEY = "product:1";
  private static final String READER = "reader";

  @TempDir Path dir;
  private RedisServer primary;
  private RedisServer replica;
  private CuttableRoute address;
  private RedisConnection connection;
  private EntryStore store;

  @BeforeEach
  void start() {
    primary = RedisServer.start(dir.resolve("primary"), 0, "--repl-diskless-sync-delay", "0");
    replica = RedisReplication.startReplica(dir.resolve("replica"), primary);
    address = CuttableRoute.to(primary.port());
    connection = RedisConnection.open(address.through(primary.url()), PATIENT);
    store = connection.entries();
    try (Jedis admin = admin(replica)) {
      await().until(() -> admin.info("replication").contains("master_link_status:up"));
    }
  }

  @AfterEach
  void stop() {
    connection.close();
    address.close();
    replica.close();
    primary.close();
  }

  @Test
  void anEvictionThatTheFailoverLostIsStaleUntilAppliedAgain_H4() {
    given(value(1));
    cutReplicaOff();
    assertThat(store.evict(KEY, 2)).isEqualTo(Eviction.EVICTED);
    failOver();

    assertThat(store.lookup(KEY)).as("the hazard itself").isEqualTo(new Hit(value(1)));

    store.evict(KEY, 2);
    assertThat(store.lookup(KEY)).isEqualTo(new Miss());
  }

  @Test
  void theNewerValueLostWithItComesBackOnlyByAFill_H4() {
    given(value(1));
    cutReplicaOff();
    store.evict(KEY, 2);
    given(value(2));
    assertThat(store.evict(KEY, 2)).isEqualTo(Eviction.ALREADY_FRESH);
    failOver();

    assertThat(store.lookup(KEY)).as("the hazard itself").isEqualTo(new Hit(value(1)));

    assertThat(store.evict(List.of(new EvictionRequest(KEY, 2))))
        .containsExactly(new Outcome.Applied<>(Eviction.EVICTED));
    given(value(2));
    assertThat(store.lookup(KEY)).isEqualTo(new Hit(value(2)));
  }

  @Test
  void anOldLeaseThatComesBackRefusesItsHolderOnceTheEvictionIsAppliedAgain_H4() {
    store.acquire(KEY, READER, TTL);
    cutReplicaOff();
    assertThat(store.evict(KEY, 2)).isEqualTo(Eviction.FLOOR_RAISED);
    failOver();

    assertThat(store.lookup(KEY)).as("the hazard itself").isEqualTo(new Filling(0));

    store.evict(KEY, 2);
    assertThat(store.fill(KEY, READER, value(1), TTL)).isEqualTo(new Superseded(2));
    assertThat(store.lookup(KEY)).isEqualTo(new Miss());
  }

  @Test
  void whatTheHolderOfAnOldLeaseStoredGoesWhenTheEvictionIsAppliedAgain_H4() {
    store.acquire(KEY, READER, TTL);
    cutReplicaOff();
    store.evict(KEY, 2);
    failOver();

    assertThat(store.fill(KEY, READER, value(1), TTL))
        .as("the hazard itself")
        .isEqualTo(new Stored());

    store.evict(KEY, 2);
    assertThat(store.lookup(KEY)).isEqualTo(new Miss());
  }

  @Test
  void aLeaseThatWasNotReplicatedIsLostAndItsFillRefused_H3() {
    cutReplicaOff();
    store.acquire(KEY, READER, TTL);
    failOver();
    assertThat(store.fill(KEY, READER, value(1), TTL)).isEqualTo(new LeaseLost());
    assertThat(store.lookup(KEY)).isEqualTo(new Miss());
  }

  private void given(CachedValue value) {
    store.acquire(KEY, "given", TTL);
    assertThat(store.fill(KEY, "given", value, TTL)).isEqualTo(new Stored());
  }

  /// Cuts the replica off after it has everything up to here: it waits for a primary that does not
  /// exist.
  private void cutReplicaOff() {
    RedisReplication.awaitReplica(primary);
    try (Jedis second = admin(replica)) {
      second.replicaof("127.0.0.1", Ports.free());
    }
  }

  private void failOver() {
    primary.kill();
    try (Jedis second = admin(replica)) {
      second.replicaofNoOne();
    }
    address.leadTo(replica.port());
  }

  private static Jedis admin(RedisServer server) {
    return new Jedis("127.0.0.1", server.port(), 10_000);
  }
}
