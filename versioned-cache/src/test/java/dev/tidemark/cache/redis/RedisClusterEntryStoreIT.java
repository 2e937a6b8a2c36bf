package dev.tidemark.cache.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.cache.store.Acquisition;
import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.cache.store.EntryStoreContract;
import dev.tidemark.cache.store.EntryStoreException;
import dev.tidemark.cache.store.Eviction;
import dev.tidemark.cache.store.EvictionRequest;
import dev.tidemark.cache.store.Lookup;
import dev.tidemark.cache.store.Outcome;
import dev.tidemark.cache.store.Outcome.Applied;
import dev.tidemark.cache.store.Outcome.Failed;
import dev.tidemark.cache.store.RefreshResult;
import dev.tidemark.embedded.RedisServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.Connection;
import redis.clients.jedis.ConnectionPool;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.RedisClusterClient;
import redis.clients.jedis.util.JedisClusterCRC16;

/// The contract on a Redis Cluster of two primaries, with cases of clusters only: moving slots, and
/// the loss of one node of several.
class RedisClusterEntryStoreIT extends EntryStoreContract {

  @TempDir static Path dir;
  private static TwoNodeCluster cluster;
  private static RedisConnection connection;

  private final EntryStore store = connection.entries();

  @BeforeAll
  static void start() {
    cluster = TwoNodeCluster.start(dir);
    connection = RedisConnection.open(cluster.url(), PATIENT);
  }

  @AfterAll
  static void stop() {
    connection.close();
    cluster.close();
  }

  @Override
  public EntryStore store() {
    return store;
  }

  @Test
  void ofABatchOnlyTheEvictionsOfADeadNodeFail_H37() {
    List<EvictionRequest> batch =
        IntStream.range(0, 40).mapToObj(i -> new EvictionRequest(key + i, 2)).toList();
    batch.forEach(request -> given(request.key(), value(1)));

    cluster.second().kill();
    try {
      List<Outcome<Eviction>> outcomes = store.evict(batch);
      for (int i = 0; i < batch.size(); i++) {
        if (cluster.home(batch.get(i).key()) == cluster.first()) {
          assertThat(outcomes.get(i)).isEqualTo(new Applied<>(Eviction.EVICTED));
        } else {
          assertThat(outcomes.get(i)).isInstanceOf(Failed.class);
        }
      }
    } finally {
      cluster.second().restart();
      cluster.awaitOk();
    }
    assertThat(store.evict(batch))
        .hasSize(batch.size())
        .containsOnly(new Applied<>(Eviction.ABSENT));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void oneNodeThatRefusesEvictionsIsToldOf_H60(int node) {
    connection.tryEviction("product:#check");
    RedisServer refusing = node == 0 ? cluster.first() : cluster.second();
    try (Jedis admin = TwoNodeCluster.admin(refusing)) {
      admin.configSet("min-replicas-to-write", "1");
      try {
        assertThatThrownBy(() -> connection.tryEviction("product:#check"))
            .isInstanceOf(EntryStoreException.class)
            .hasMessageContainingAll("NOREPLICAS", "Redis 7.0 or newer", "+cluster|slots");
      } finally {
        admin.configSet("min-replicas-to-write", "0");
      }
    }
    connection.tryEviction("product:#check");
  }

  @Test
  void connectionsClosedByTheRestartOfANodeFailNothing() throws Exception {
    leaveIdleConnections(connection, 8);
    cluster.home(key).restart();
    cluster.awaitOk();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Lookup>> lookups =
          IntStream.range(0, 8).mapToObj(i -> threads.submit(() -> store.lookup(key))).toList();
      for (Future<Lookup> lookup : lookups) {
        assertThat(lookup.get()).isEqualTo(new Lookup.Miss());
      }
    }
  }

  /// An acquire that may still be on its way, and is carried out after the source was read, brings
  /// back a lease that was lost meanwhile: its old fill would be stored.
  @ParameterizedTest
  @ValueSource(ints = {1, 40})
  void anAcquireWithoutAnAnswerIsNotSentAgain(int size) throws Exception {
    List<String> keys =
        IntStream.range(0, 2000)
            .mapToObj(i -> key + i)
            .filter(each -> size > 1 || cluster.home(each) == cluster.second())
            .limit(size)
            .toList();
    long ofSilent = keys.stream().filter(each -> cluster.home(each) == cluster.second()).count();
    try (RedisConnection impatient =
            RedisConnection.open(cluster.url(), PATIENT.withTimeout(Duration.ofMillis(500)));
        Jedis silent = TwoNodeCluster.admin(cluster.second())) {
      // Ensures that everything that is sent is on its way at once: no connection can be opened to
      // a node that does not answer.
      leaveIdleConnections(impatient, size + 1);
      store.acquire(List.of(key + "known", key + "known"), MINE, LEASE);
      silent.configResetStat();

      signal("STOP", cluster.second());
      List<Outcome<Acquisition>> outcomes;
      try {
        outcomes = impatient.entries().acquire(keys, MINE, LEASE);
      } finally {
        signal("CONT", cluster.second());
      }

      for (int i = 0; i < size; i++) {
        if (cluster.home(keys.get(i)) == cluster.first()) {
          assertThat(outcomes.get(i)).isEqualTo(new Applied<>(new Acquisition.Acquired()));
        } else {
          assertThat(outcomes.get(i)).isInstanceOf(Failed.class);
        }
      }
      assertThat(acquisitionsAskedOf(cluster.second())).isEqualTo(ofSilent);
    }
  }

  /// Returns the number of acquisitions. Each results in one `SET`, in the script or by itself. The
  /// query uses a new connection: commands on the older ones were processed before.
  private static long acquisitionsAskedOf(RedisServer node) {
    try (Jedis admin = TwoNodeCluster.admin(node)) {
      return Pattern.compile("cmdstat_set:calls=(\\d+)")
          .matcher(admin.info("commandstats"))
          .results()
          .mapToLong(calls -> Long.parseLong(calls.group(1)))
          .sum();
    }
  }

  private static void signal(String name, RedisServer node) throws Exception {
    Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(node.pid())).start();
    assertThat(kill.waitFor()).isZero();
  }

  /// Takes connections all at once, then returns them.
  private static void leaveIdleConnections(RedisConnection connection, int count) {
    RedisClusterClient client = (RedisClusterClient) connection.client();
    for (ConnectionPool pool : client.getClusterNodes().values()) {
      List<Connection> all = IntStream.range(0, count).mapToObj(i -> pool.getResource()).toList();
      all.forEach(Connection::ping);
      all.forEach(Connection::close);
    }
  }

  @Test
  void anEvictionOfAKeyThatMovedFollowsIt_MOVED_H37() {
    given(value(1));
    int slot = JedisClusterCRC16.getSlot(key);
    RedisServer from = cluster.home(key);
    cluster.move(slot, from);
    try {
      assertThat(store.evict(key, 2)).isEqualTo(Eviction.EVICTED);
      given(value(2));
      thenHolds(value(2));
    } finally {
      cluster.move(slot, cluster.other(from));
    }
  }

  @Test
  void aBatchFollowsAKeyThatMoved_MOVED_H37() {
    given(value(1));
    int slot = JedisClusterCRC16.getSlot(key);
    RedisServer from = cluster.home(key);
    cluster.move(slot, from);
    try {
      assertThat(
              store.evict(List.of(new EvictionRequest(key, 2), new EvictionRequest(key + "x", 2))))
          .containsExactly(new Applied<>(Eviction.EVICTED), new Applied<>(Eviction.ABSENT));
      given(value(2));
      assertThat(lookups(List.of(key))).containsExactly(new Lookup.Hit(value(2)));
    } finally {
      cluster.move(slot, cluster.other(from));
    }
  }

  /// The slot is moving, and the key is there already: the source redirects with ASK, and the
  /// target serves only redirected commands.
  @Test
  void aKeyAheadOfItsSlotIsAskedForWhereItIs_ASK_H37() {
    String neighbour = "{" + key + "}";
    given(value(1));
    given(neighbour, value(1));
    int slot = JedisClusterCRC16.getSlot(key);
    RedisServer from = cluster.home(key);
    try (Jedis target = TwoNodeCluster.admin(cluster.other(from))) {
      target.scriptFlush();
    }
    cluster.beginMove(slot, from);
    cluster.moveKeys(slot, from);
    try {
      thenHolds(value(1));
      assertThat(lookups(List.of(key, neighbour))).containsOnly(new Lookup.Hit(value(1)));
      assertThat(store.evict(key, 2)).isEqualTo(Eviction.EVICTED);
      assertThat(store.evict(List.of(new EvictionRequest(neighbour, 2))))
          .containsExactly(new Applied<>(Eviction.EVICTED));
      given(value(2));
      thenHolds(value(2));
      assertThat(store.refresh(key, value(3), TTL)).isEqualTo(RefreshResult.REFRESHED);
    } finally {
      cluster.endMove(slot, from);
      cluster.move(slot, cluster.other(from));
    }
    thenHolds(value(3));
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "{x}", "{}{x}", "}{", "{", "a{{b}}c", "{\u6f22}"})
  void bracesDecideOnlyWhereAKeyLies_H43(String braces) {
    String strange = "product:" + braces + key;
    given(strange, value(1));
    assertThat(store.evict(strange, 2)).isEqualTo(Eviction.EVICTED);
    given(strange, value(1));
    assertThat(store.evict(List.of(new EvictionRequest(strange, 2), new EvictionRequest(key, 2))))
        .containsExactly(new Applied<>(Eviction.EVICTED), new Applied<>(Eviction.ABSENT));
    assertThat(store.lookup(strange)).isEqualTo(new Lookup.Miss());
  }
}
