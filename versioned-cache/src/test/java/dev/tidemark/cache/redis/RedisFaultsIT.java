package dev.tidemark.cache.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.tidemark.cache.store.Acquisition;
import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.CachedValue.Absent;
import dev.tidemark.cache.store.CachedValue.Present;
import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.cache.store.EntryStoreContract;
import dev.tidemark.cache.store.EntryStoreException;
import dev.tidemark.cache.store.Eviction;
import dev.tidemark.cache.store.EvictionRequest;
import dev.tidemark.cache.store.FillResult;
import dev.tidemark.cache.store.Lookup;
import dev.tidemark.cache.store.Lookup.Hit;
import dev.tidemark.cache.store.Lookup.Miss;
import dev.tidemark.cache.store.Outcome.Applied;
import dev.tidemark.cache.store.Outcome.Failed;
import dev.tidemark.embedded.CuttableRoute;
import dev.tidemark.embedded.Ports;
import dev.tidemark.embedded.RedisServer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Connection;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.exceptions.JedisException;

/// Answers of a Redis that is the wrong one to ask, or cannot serve now: they are never treated as
/// success, they are reported in its own words, and a new connection is used where that is enough.
class RedisFaultsIT {

  private static final Duration TTL = Duration.ofMinutes(1);
  private static final RedisSettings SETTINGS =
      RedisSettings.defaults().withTimeout(Duration.ofSeconds(5));
  private static final String KEY = "product:1";
  private static final String ABSENT_KEY = "product:none";
  private static final Present VALUE = new Present(5, new byte[] {'x'});

  @TempDir Path dir;
  private RedisServer server;
  private RedisConnection connection;
  private EntryStore store;

  @BeforeEach
  void start() {
    server = RedisServer.start(dir.resolve("one"), 0);
    connection = RedisConnection.open(server.url(), SETTINGS);
    store = connection.entries();
  }

  @AfterEach
  void stop() {
    connection.close();
    server.close();
  }

  private void given(String key, CachedValue value) {
    store.acquire(key, "given", TTL);
    store.fill(key, "given", value, TTL);
  }

  /// Returns all operations that write, on keys where they would not have to write anything.
  private List<ThrowingCallable> idleWrites() {
    return List.of(
        () -> store.evict(ABSENT_KEY, 9),
        () -> store.evict(KEY, 5),
        () -> store.refresh(ABSENT_KEY, VALUE, TTL),
        () -> store.refresh(KEY, VALUE, TTL),
        () -> store.acquire(KEY, "a", TTL),
        () -> store.fill(ABSENT_KEY, "a", VALUE, TTL),
        () -> store.fill(KEY, "a", VALUE, TTL));
  }

  private List<EvictionRequest> batch() {
    return List.of(new EvictionRequest(ABSENT_KEY, 9), new EvictionRequest(KEY, 5));
  }

  private void thenEachWriteFailsWith(String words) {
    idleWrites()
        .forEach(
            write ->
                assertThatThrownBy(write)
                    .isInstanceOf(EntryStoreException.class)
                    .hasMessageContaining(words));
    assertThat(store.evict(batch()))
        .allSatisfy(outcome -> assertThat(((Failed) outcome).cause()).hasMessageContaining(words));
  }

  @Test
  void aDemotedPrimaryIsNotTakenForThePrimary_H4() {
    given(KEY, VALUE);
    demote();
    thenEachWriteFailsWith("READONLY");
  }

  @Test
  void aReplicaWithoutItsPrimaryIsNoSource_MASTERDOWN() {
    given(KEY, VALUE);
    serveNothingStale();
    demote();
    assertThatThrownBy(() -> store.lookup(KEY)).hasMessageContaining("MASTERDOWN");
    assertThatThrownBy(() -> EntryStoreContract.lookups(store, List.of(KEY)))
        .hasMessageContaining("MASTERDOWN");
    assertThatThrownBy(() -> store.evictByForce(KEY)).hasMessageContaining("READONLY");
  }

  @Test
  void aServerBusyWithAScriptSaysSo_BUSY() throws Exception {
    given(KEY, VALUE);
    try (Jedis admin = admin();
        Jedis endless = new Jedis("127.0.0.1", server.port(), 60_000)) {
      admin.configSet("busy-reply-threshold", "1");
      Thread script = Thread.ofVirtual().start(() -> runForEver(endless));
      await().until(() -> isBusy(admin));

      thenEachWriteFailsWith("BUSY");
      assertThatThrownBy(() -> store.lookup(KEY)).hasMessageContaining("BUSY");

      admin.scriptKill();
      script.join();
    }
    assertThat(store.lookup(KEY)).isEqualTo(new Hit(VALUE));
  }

  @Test
  void whileItLoadsItIsNoSourceAndAfterwardsItIs_LOADING() throws Exception {
    RedisServer slow =
        RedisServer.start(
            dir.resolve("slow"),
            0,
            "--key-load-delay",
            "400",
            "--loading-process-events-interval-bytes",
            "1024");
    try (slow;
        RedisConnection toSlow = RedisConnection.open(slow.url(), SETTINGS);
        ExecutorService thread = Executors.newVirtualThreadPerTaskExecutor()) {
      store = toSlow.entries();
      given(KEY, VALUE);
      toSlow.client().mset(manyKeys(4000));
      try (Jedis admin = new Jedis("127.0.0.1", slow.port())) {
        admin.save();
      }
      slow.kill();
      Future<?> restart = thread.submit(slow::restart);
      await().pollDelay(Duration.ZERO).until(() -> failsWith(() -> store.lookup(KEY), "LOADING"));

      thenEachWriteFailsWith("LOADING");
      assertThatThrownBy(() -> EntryStoreContract.lookups(store, List.of(KEY)))
          .hasMessageContaining("LOADING");
      assertThat(restart.isDone()).isFalse();

      restart.get();
      assertThat(store.evict(batch()))
          .containsExactly(new Applied<>(Eviction.ABSENT), new Applied<>(Eviction.ALREADY_FRESH));
      assertThat(store.lookup(KEY)).isEqualTo(new Hit(VALUE));
    }
  }

  @Test
  void connectionsClosedByARestartFailNothing() {
    leaveIdleConnections(connection, 8);
    server.restart();

    // There is one for each kind of operation, and each finds only stale connections of those
    // before.
    assertThat(store.lookup(KEY)).isEqualTo(new Miss());
    leaveIdleConnections(connection, 8);
    server.restart();
    assertThat(EntryStoreContract.lookups(store, List.of(KEY, ABSENT_KEY)))
        .containsOnly(new Miss());
    leaveIdleConnections(connection, 8);
    server.restart();
    assertThat(store.evict(batch())).containsOnly(new Applied<>(Eviction.ABSENT));
    leaveIdleConnections(connection, 8);
    server.restart();
    connection.ping();
  }

  @Test
  void manyThreadsAtOnceOutliveARestart() throws Exception {
    leaveIdleConnections(connection, 16);
    server.restart();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Lookup>> lookups =
          IntStream.range(0, 16).mapToObj(i -> threads.submit(() -> store.lookup(KEY))).toList();
      for (Future<Lookup> lookup : lookups) {
        assertThat(lookup.get()).isEqualTo(new Miss());
      }
    }
  }

  @Test
  void behindOneAddressAWriteFindsTheNewPrimary_H4() {
    whenTheAddressLeadsToASuccessor(
        () -> {
          assertThat(store.acquire(KEY, "a", TTL)).isEqualTo(new Acquisition.Acquired());
          assertThat(store.fill(KEY, "a", new Absent(3), TTL)).isEqualTo(new FillResult.Stored());
        });
  }

  @Test
  void behindOneAddressAReadFindsTheNewPrimary_H4() {
    serveNothingStale();
    whenTheAddressLeadsToASuccessor(() -> assertThat(store.lookup(KEY)).isEqualTo(new Miss()));
  }

  @Test
  void behindOneAddressABatchFindsTheNewPrimary_H4() {
    List<EvictionRequest> many =
        IntStream.range(0, 200).mapToObj(i -> new EvictionRequest(KEY + i, 2)).toList();
    whenTheAddressLeadsToASuccessor(
        () ->
            assertThat(store.evict(many))
                .hasSize(200)
                .containsOnly(new Applied<>(Eviction.ABSENT)));
  }

  /// Runs the action while connections to the demoted server are idle in the pool.
  private void whenTheAddressLeadsToASuccessor(Runnable then) {
    try (RedisServer successor = RedisServer.start(dir.resolve("two"), 0);
        CuttableRoute address = CuttableRoute.to(server.port());
        RedisConnection toAddress = RedisConnection.open(address.through(server.url()), SETTINGS)) {
      store = toAddress.entries();
      leaveIdleConnections(toAddress, 8);
      address.leadTo(successor.port());
      demote();
      then.run();
    }
  }

  @Test
  void aTimeoutIsNotRepeated() throws Exception {
    Duration timeout = Duration.ofMillis(400);
    try (RedisConnection hasty =
        RedisConnection.open(server.url(), SETTINGS.withTimeout(timeout))) {
      store = hasty.entries();
      leaveIdleConnections(hasty, 4);
      signal("STOP");
      try {
        assertThat(elapsedUntilFailure(() -> store.lookup(KEY)))
            .isBetween(timeout, timeout.multipliedBy(2));
        assertThat(
                elapsedUntilFailure(
                    () -> EntryStoreContract.lookups(store, List.of(KEY, ABSENT_KEY))))
            .isBetween(timeout, timeout.multipliedBy(2));
        long begun = System.nanoTime();
        assertThat(store.evict(batch())).hasOnlyElementsOfType(Failed.class);
        assertThat(Duration.ofNanos(System.nanoTime() - begun))
            .isBetween(timeout, timeout.multipliedBy(2));
      } finally {
        signal("CONT");
      }
      assertThat(store.lookup(KEY)).isEqualTo(new Miss());
    }
  }

  @Test
  void aRefusalIsNotRepeated() {
    try (Jedis admin = admin()) {
      admin.configSet("maxmemory", "1");
      assertThatThrownBy(() -> store.acquire(KEY, "a", TTL)).hasMessageContaining("OOM");
      assertThat(admin.info("errorstats")).contains("errorstat_OOM:count=1\r\n");
    }
  }

  /// Leaves idle connections, each of which has been used.
  private static void leaveIdleConnections(RedisConnection connection, int count) {
    List<Connection> all = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        Connection one = ((RedisClient) connection.client()).getPool().getResource();
        all.add(one);
        assertThat(one.ping()).isTrue();
      }
    } finally {
      all.forEach(Connection::close);
    }
  }

  private static Duration elapsedUntilFailure(ThrowingCallable operation) {
    long begun = System.nanoTime();
    assertThatThrownBy(operation)
        .isInstanceOf(EntryStoreException.class)
        .hasMessageContaining("timed out");
    return Duration.ofNanos(System.nanoTime() - begun);
  }

  private static boolean failsWith(ThrowingCallable operation, String words) {
    try {
      operation.call();
      return false;
    } catch (Throwable e) {
      return String.valueOf(e.getMessage()).contains(words);
    }
  }

  private static String[] manyKeys(int count) {
    return IntStream.range(0, 2 * count).mapToObj(i -> "filler:" + i).toArray(String[]::new);
  }

  private static void runForEver(Jedis client) {
    try {
      client.eval("while true do end");
    } catch (JedisException killed) {
      // As it should be.
    }
  }

  private static boolean isBusy(Jedis admin) {
    return failsWith(admin::ping, "BUSY");
  }

  private void signal(String name) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + name, Long.toString(server.pid())).start().waitFor();
  }

  private void serveNothingStale() {
    try (Jedis admin = admin()) {
      admin.configSet("replica-serve-stale-data", "no");
    }
  }

  /// Makes the server a replica of a primary that does not exist.
  private void demote() {
    try (Jedis admin = admin()) {
      admin.replicaof("127.0.0.1", Ports.free());
    }
  }

  private Jedis admin() {
    return new Jedis("127.0.0.1", server.port(), 5000);
  }
}
