package dev.tidemark.cache.redis;

import static dev.tidemark.cache.store.EntryStoreContract.PATIENT;
import static dev.tidemark.cache.store.EntryStoreContract.TTL;
import static dev.tidemark.cache.store.EntryStoreContract.value;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.cache.store.Acquisition.Acquired;
import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.cache.store.EntryStoreException;
import dev.tidemark.cache.store.Eviction;
import dev.tidemark.cache.store.FillResult.LeaseLost;
import dev.tidemark.cache.store.FillResult.Stored;
import dev.tidemark.cache.store.FillResult.Superseded;
import dev.tidemark.cache.store.Lookup.Filling;
import dev.tidemark.cache.store.Lookup.Hit;
import dev.tidemark.cache.store.Lookup.Miss;
import dev.tidemark.embedded.RedisServer;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.params.SetParams;

/// A server that loses entries, or brings old ones back: memory pressure, a flush, a restart.
class RedisLostEntriesIT {

  private static final String KEY = "product:1";
  private static final String READER = "reader";

  @TempDir Path dir;
  private RedisServer server;
  private RedisConnection connection;
  private EntryStore store;
  private UnifiedJedis redis;

  @BeforeEach
  void start() {
    server = RedisServer.start(dir, 0);
    connection = RedisConnection.open(server.url(), PATIENT);
    store = connection.entries();
    redis = connection.client();
  }

  @AfterEach
  void stop() {
    connection.close();
    server.close();
  }

  private void givenLease() {
    assertThat(store.acquire(KEY, READER, TTL)).isEqualTo(new Acquired());
  }

  private void given(CachedValue value) {
    givenLease();
    assertThat(store.fill(KEY, READER, value, TTL)).isEqualTo(new Stored());
  }

  /// Repeats the evictions of a time window, like the invalidator when it rewinds.
  private void reapplyEvictions(long... versions) {
    for (long version : versions) {
      store.evict(KEY, version);
    }
  }

  private void save() {
    try (Jedis admin = new Jedis("127.0.0.1", server.port())) {
      admin.save();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "allkeys-lru",
        "allkeys-lfu",
        "allkeys-random",
        "volatile-lru",
        "volatile-lfu",
        "volatile-random",
        "volatile-ttl"
      })
  void aLeaseEvictedByMemoryPressureRefusesItsFill_H3(String policy) {
    givenLease();
    fillMemoryUntilTheLeaseIsGone(policy);
    store.evict(KEY, 2);
    assertThat(store.fill(KEY, READER, value(1), TTL)).isEqualTo(new LeaseLost());
    assertThat(store.lookup(KEY)).isEqualTo(new Miss());
  }

  private void fillMemoryUntilTheLeaseIsGone(String policy) {
    redis.configSet("maxmemory-policy", policy);
    redis.configSet("maxmemory", "4mb");
    byte[] ballast = new byte[16 * 1024];
    for (int i = 0; redis.exists(KEY); i++) {
      assertThat(i).as("entries put in, and the lease is still there").isLessThan(100_000);
      redis.set(("ballast:" + i).getBytes(US_ASCII), ballast, SetParams.setParams().ex(3600));
    }
  }

  @Test
  void withoutMemoryWritesFailWholeAndEvictionsWork_H3() {
    givenLease();
    redis.configSet("maxmemory", "1");

    assertThatThrownBy(() -> store.fill(KEY, READER, value(1), TTL))
        .isInstanceOf(EntryStoreException.class)
        .hasMessageContaining("OOM");
    assertThat(store.lookup(KEY)).isEqualTo(new Filling(0));
    assertThatThrownBy(() -> store.acquire(KEY + "x", READER, TTL)).hasMessageContaining("OOM");
    assertThat(store.lookup(KEY + "x")).isEqualTo(new Miss());
    assertThatThrownBy(() -> store.refresh(KEY, value(1), TTL)).hasMessageContaining("OOM");
    assertThat(store.lookup(KEY)).isEqualTo(new Filling(0));
    assertThat(store.evict(KEY, 2)).isEqualTo(Eviction.FLOOR_RAISED);

    redis.configSet("maxmemory", "0");
    assertThat(store.fill(KEY, READER, value(1), TTL)).isEqualTo(new Superseded(2));
  }

  @Test
  void withoutMemoryAnOldValueIsNotRenewedButEvicted_H3() {
    given(value(1));
    redis.configSet("maxmemory", "1");
    assertThatThrownBy(() -> store.refresh(KEY, value(2), TTL)).hasMessageContaining("OOM");
    assertThat(store.lookup(KEY)).isEqualTo(new Hit(value(1)));
    assertThat(store.evict(KEY, 2)).isEqualTo(Eviction.EVICTED);
    assertThat(store.lookup(KEY)).isEqualTo(new Miss());
  }

  @Test
  void aFlushDuringAFillRefusesIt_H3() {
    givenLease();
    redis.flushAll();
    store.evict(KEY, 2);
    assertThat(store.fill(KEY, READER, value(1), TTL)).isEqualTo(new LeaseLost());
    assertThat(store.lookup(KEY)).isEqualTo(new Miss());
  }

  @Test
  void aRestartEmptyDuringAFillRefusesIt_H3() {
    givenLease();
    server.kill();
    server.restart();
    store.evict(KEY, 2);
    assertThat(store.fill(KEY, READER, value(1), TTL)).isEqualTo(new LeaseLost());
    assertThat(store.lookup(KEY)).isEqualTo(new Miss());
  }

  @Test
  void anEvictedValueThatASnapshotBringsBackIsStaleUntilTheEvictionIsAppliedAgain_H5() {
    given(value(1));
    save();
    assertThat(store.evict(KEY, 2)).isEqualTo(Eviction.EVICTED);
    server.kill();
    server.restart();

    assertThat(store.lookup(KEY)).as("the hazard itself").isEqualTo(new Hit(value(1)));

    reapplyEvictions(2);
    assertThat(store.lookup(KEY)).isEqualTo(new Miss());
  }

  @Test
  void aLeaseThatASnapshotBringsBackWithAnOldFloorRefusesOnceTheEvictionIsAppliedAgain_H5() {
    givenLease();
    save();
    assertThat(store.evict(KEY, 2)).isEqualTo(Eviction.FLOOR_RAISED);
    server.kill();
    server.restart();

    assertThat(store.lookup(KEY)).as("the hazard itself").isEqualTo(new Filling(0));

    reapplyEvictions(2);
    assertThat(store.fill(KEY, READER, value(1), TTL)).isEqualTo(new Superseded(2));
    assertThat(store.lookup(KEY)).isEqualTo(new Miss());
  }

  @Test
  void whatAFillStoredUnderALeaseFromASnapshotGoesWhenTheEvictionIsAppliedAgain_H5() {
    givenLease();
    save();
    store.evict(KEY, 2);
    server.kill();
    server.restart();

    assertThat(store.fill(KEY, READER, value(1), TTL))
        .as("the hazard itself")
        .isEqualTo(new Stored());

    reapplyEvictions(2);
    assertThat(store.lookup(KEY)).isEqualTo(new Miss());
  }
}
