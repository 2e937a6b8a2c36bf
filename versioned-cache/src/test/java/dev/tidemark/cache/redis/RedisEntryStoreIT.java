package dev.tidemark.cache.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.cache.store.Acquisition;
import dev.tidemark.cache.store.Acquisition.Acquired;
import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.CachedValue.Absent;
import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.cache.store.EntryStoreContract;
import dev.tidemark.cache.store.EntryStoreException;
import dev.tidemark.cache.store.Eviction;
import dev.tidemark.cache.store.EvictionRequest;
import dev.tidemark.cache.store.FillResult;
import dev.tidemark.cache.store.FillResult.LeaseLost;
import dev.tidemark.cache.store.FillResult.Stored;
import dev.tidemark.cache.store.Lookup;
import dev.tidemark.cache.store.Lookup.Miss;
import dev.tidemark.cache.store.Outcome;
import dev.tidemark.cache.store.Outcome.Applied;
import dev.tidemark.cache.store.Outcome.Failed;
import dev.tidemark.cache.store.RefreshResult;
import dev.tidemark.embedded.RedisServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.UnifiedJedis;

/// The contract on one Redis, with cases of Redis alone: the bytes, the scripts, foreign entries,
/// and a server that is away.
class RedisEntryStoreIT extends EntryStoreContract {

  @TempDir static Path dir;
  private static RedisServer server;
  private static RedisConnection connection;

  private final EntryStore store = connection.entries();
  private final UnifiedJedis redis = connection.client();

  @BeforeAll
  static void start() {
    server = RedisServer.start(dir, 0);
    connection = RedisConnection.open(server.url(), PATIENT);
  }

  @AfterAll
  static void stop() {
    connection.close();
    server.close();
  }

  @Override
  public EntryStore store() {
    return store;
  }

  @Test
  void theBytesAreThoseOfTheProtocol() {
    store.acquire(key, "abc", LEASE);
    assertThat(redis.get(key)).isEqualTo("L0:abc\n");
    store.evict(key, 41);
    assertThat(redis.get(key)).isEqualTo("L41:abc\n");
    store.fill(key, "abc", new CachedValue.Present(42, "{\"a\":1}".getBytes(UTF_8)), TTL);
    assertThat(redis.get(key)).isEqualTo("V42\n{\"a\":1}");
    store.refresh(key, new Absent(43), TTL);
    assertThat(redis.get(key)).isEqualTo("D43\n");
  }

  @Test
  void everyEntryHasALifeByRedissOwnClock_H19() {
    store.acquire(key, MINE, LEASE);
    assertThat(redis.pttl(key)).isBetween(1L, LEASE.toMillis());
    store.evict(key, 1);
    assertThat(redis.pttl(key)).isBetween(1L, LEASE.toMillis());
    store.fill(key, MINE, value(1), TTL);
    assertThat(redis.pttl(key)).isBetween(LEASE.toMillis(), TTL.toMillis());
    store.refresh(key, value(2), Duration.ofSeconds(5));
    assertThat(redis.pttl(key)).isBetween(1L, 5000L);
  }

  @Test
  void noLifeIsShorterThanAMillisecond() {
    assertThatThrownBy(() -> store.acquire(key, MINE, Duration.ofNanos(999_999)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(store.acquire(key, MINE, Duration.ofMillis(1))).isEqualTo(new Acquired());
  }

  @Test
  void scriptsForgottenByTheServerAreSentAgain() {
    redis.scriptFlush();
    assertThat(store.acquire(key, MINE, LEASE)).isEqualTo(new Acquired());
    redis.scriptFlush();
    assertThat(store.evict(key, 1)).isEqualTo(Eviction.FLOOR_RAISED);
    redis.scriptFlush();
    assertThat(store.fill(key, MINE, value(1), TTL)).isEqualTo(new Stored());
    redis.scriptFlush();
    assertThat(store.refresh(key, value(2), TTL)).isEqualTo(RefreshResult.REFRESHED);
    redis.scriptFlush();
    assertThat(store.evict(List.of(new EvictionRequest(key, 3), new EvictionRequest(key + "x", 3))))
        .containsExactly(new Applied<>(Eviction.EVICTED), new Applied<>(Eviction.ABSENT));
    redis.scriptFlush();
    assertThat(store.acquire(List.of(key, key + "x"), MINE, LEASE))
        .containsExactly(new Applied<>(new Acquired()), new Applied<>(new Acquired()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "hello", "{\"id\":1}", "V1", "X1\n", "V99999999999999999999\n", "L1:\n"})
  void whatIsNoEntryCountsAsNothing_H8(String foreign) {
    redis.set(key, foreign);
    thenHoldsNothing();

    redis.set(key, foreign);
    assertThat(lookups(List.of(key))).containsExactly(new Miss());

    redis.set(key, foreign);
    assertThat(store.fill(key, MINE, value(1), TTL)).isEqualTo(new LeaseLost());
    store.refresh(key, value(1), TTL);
    thenHoldsNothing();

    redis.set(key, foreign);
    store.evict(key, 1);
    thenHoldsNothing();

    redis.set(key, foreign);
    assertThat(evictionsOf(key, key + "none")).hasSize(2);
    thenHoldsNothing();
  }

  /// A value that is larger than an entry may be is not even read to its end.
  @Test
  void whatIsTooLargeIsNoEntry_H8() {
    long sentBefore = bytesSent();
    for (String begin : new String[] {"V7\n", "D7\n", "L0:x\n", "x"}) {
      redis.set(key, begin);
      redis.setrange(key, 32 << 20, "end");
      thenHoldsNothing();
      redis.set(key, begin);
      redis.setrange(key, 32 << 20, "end");
      store.acquire(key, MINE, LEASE);
      assertThat(store.acquire(key, MINE, LEASE)).isEqualTo(new Acquired());
      store.release(key, MINE);
    }
    assertThat(bytesSent() - sentBefore).isLessThan(100L << 20);
  }

  private long bytesSent() {
    return new RedisReport(redis.info("stats"))
        .fields().entrySet().stream()
            .filter(field -> field.getKey().equals("total_net_output_bytes"))
            .mapToLong(field -> Long.parseLong(field.getValue()))
            .sum();
  }

  @Test
  void aLeaseThatLostItsEndGetsOneFromWhoeverAsksForIt_H17() {
    store.acquire(key, OTHERS, LEASE);
    redis.persist(key);
    assertThat(store.acquire(key, MINE, LEASE)).isEqualTo(new Acquisition.BeingFilled(0));
    assertThat(redis.pttl(key)).isBetween(1L, LEASE.toMillis());
    redis.persist(key);
    store.acquire(List.of(key, key + "x"), MINE, LEASE);
    assertThat(redis.pttl(key)).isBetween(1L, LEASE.toMillis());
  }

  @Test
  void aValueThatLostItsEndCountsAsOneWhoseTimeIsOver() {
    given(value(1));
    redis.persist(key);
    assertThat(store.remainingLife(key)).hasValue(Duration.ZERO);
  }

  @Test
  void aValueThatBreaksTheRuleIsNoEntry() {
    EntryStore strict =
        new RedisEntryStore(
            redis, (aKey, value) -> new String(value.payload(), UTF_8).startsWith("{"));
    given(new CachedValue.Present(5, new byte[0]));
    assertThat(strict.lookup(key)).isEqualTo(new Miss());
    thenHoldsNothing();
    given(new CachedValue.Present(5, "hello".getBytes(UTF_8)));
    assertThat(lookups(strict, List.of(key, key + "x"))).containsExactly(new Miss(), new Miss());
    thenHoldsNothing();
    given(new CachedValue.Present(5, "hello".getBytes(UTF_8)));
    assertThat(strict.acquire(key, MINE, LEASE)).isEqualTo(new Acquisition.BeingFilled(0));
    assertThat(strict.acquire(key, MINE, LEASE)).isEqualTo(new Acquired());
    assertThat(strict.fill(key, MINE, value(6), TTL)).isEqualTo(new Stored());
    assertThat(strict.lookup(key)).isEqualTo(new Lookup.Hit(value(6)));
  }

  private List<Outcome<Eviction>> evictionsOf(String... keys) {
    return store.evict(Stream.of(keys).map(each -> new EvictionRequest(each, 1)).toList());
  }

  @Test
  void aForeignListIsDroppedByWhateverComesUponIt_H8() {
    redis.rpush(key, "x");
    thenHoldsNothing();
    redis.rpush(key, "x");
    assertThat(lookups(List.of(key))).containsExactly(new Miss());
    redis.rpush(key, "x");
    assertThat(store.evict(key, 1)).isEqualTo(Eviction.EVICTED);
    redis.rpush(key, "x");
    assertThat(evictionsOf(key, key + "none"))
        .containsExactly(new Applied<>(Eviction.EVICTED), new Applied<>(Eviction.ABSENT));
    redis.rpush(key, "x");
    assertThat(store.refresh(key, value(1), TTL)).isEqualTo(RefreshResult.ABSENT);
    redis.rpush(key, "x");
    assertThat(store.fill(key, MINE, value(1), TTL)).isEqualTo(new LeaseLost());
    assertThat(store.acquire(key, MINE, LEASE)).isEqualTo(new Acquired());
    thenIsFilling(0);
  }

  @Test
  void whoMayNotLookBeforeAnEvictionEvictsAllTheSame() {
    try (Jedis admin = new Jedis("127.0.0.1", server.port())) {
      admin.aclSetUser("blind", "on", ">secret", "~*", "+@all", "-setrange");
    }
    given(value(1));
    try (RedisConnection blind =
        RedisConnection.open("redis://blind:secret@127.0.0.1:" + server.port(), PATIENT)) {
      assertThat(
              blind
                  .entries()
                  .evict(
                      List.of(new EvictionRequest(key, 2), new EvictionRequest(key + "none", 2))))
          .containsExactly(new Applied<>(Eviction.EVICTED), new Applied<>(Eviction.ABSENT));
    }
  }

  @Test
  void withoutMemoryAFloorIsStillRaisedAndAValueStillGoes() {
    store.acquire(key, MINE, LEASE);
    given(key + "x", value(1));
    redis.configSet("maxmemory", "1");
    try {
      assertThat(store.evict(key, 2)).isEqualTo(Eviction.FLOOR_RAISED);
      assertThat(store.evict(key + "x", 2)).isEqualTo(Eviction.EVICTED);
      assertThat(evictionsOf(key, key + "none", key + "nothing"))
          .containsExactly(
              new Applied<>(Eviction.ALREADY_FRESH),
              new Applied<>(Eviction.ABSENT),
              new Applied<>(Eviction.ABSENT));
    } finally {
      redis.configSet("maxmemory", "0");
    }
    assertThat(store.fill(key, MINE, value(1), TTL)).isEqualTo(new FillResult.Superseded(2));
  }

  @Test
  void whileRedisIsAwayEveryOperationSaysSoAndAfterwardsWorks() {
    given(value(1));
    List<EvictionRequest> batch =
        IntStream.range(0, 200).mapToObj(i -> new EvictionRequest(key + i, 1)).toList();

    server.kill();

    assertThatThrownBy(() -> store.lookup(key)).isInstanceOf(EntryStoreException.class);
    assertThat(store.lookup(List.of(key, key + "x"))).hasOnlyElementsOfType(Failed.class);
    assertThatThrownBy(() -> store.acquire(key, MINE, LEASE))
        .isInstanceOf(EntryStoreException.class);
    assertThatThrownBy(() -> store.fill(key, MINE, value(1), TTL))
        .isInstanceOf(EntryStoreException.class);
    assertThatThrownBy(() -> store.refresh(key, value(1), TTL))
        .isInstanceOf(EntryStoreException.class);
    assertThatThrownBy(() -> store.evict(key, 1)).isInstanceOf(EntryStoreException.class);
    assertThatThrownBy(() -> store.evictByForce(key)).isInstanceOf(EntryStoreException.class);
    assertThatThrownBy(connection::ping).isInstanceOf(EntryStoreException.class);
    assertThat(store.evict(batch)).hasSize(200).hasOnlyElementsOfType(Failed.class);

    server.restart();

    assertThat(store.evict(batch)).hasSize(200).containsOnly(new Applied<>(Eviction.ABSENT));
    connection.ping();
    thenHoldsNothing();
    given(value(2));
  }
}
