package dev.tidemark.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.cache.Read.Served;
import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.cache.redis.RedisSettings;
import dev.tidemark.cache.redis.TwoNodeCluster;
import dev.tidemark.cache.store.CachedValue.Present;
import dev.tidemark.cache.store.EntryStoreContract;
import dev.tidemark.embedded.RedisServer;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.metrics.MeterProvider;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Reads while one of the two nodes of a cluster is down: its keys come from the source, and for
/// the keys of the other nothing changes.
class ClusterOutageIT {

  private static final Meter METER = MeterProvider.noop().get("test");
  private static final Present VALUE = new Present(1, new byte[] {'x'});
  private static final BulkSource SOURCE =
      asked -> asked.stream().collect(Collectors.toMap(key -> key, key -> VALUE));

  /// Settings with a short time limit: the client tries a dead node again for as long as an answer
  /// may take, once for each of the groups of slots that the keys are in.
  private static final RedisSettings SETTINGS =
      new RedisSettings(
          EntryStoreContract.PATIENT.connectTimeout(),
          Duration.ofMillis(200),
          EntryStoreContract.PATIENT.poolTimeout(),
          16);

  private static final int KEYS = 20;

  @TempDir static Path dir;
  private static TwoNodeCluster cluster;
  private static RedisConnection connection;

  private final List<String> keys =
      IntStream.range(0, KEYS).mapToObj(i -> "product:" + UUID.randomUUID()).toList();
  private final VersionedCache cache =
      new VersionedCache(
          connection.entries(),
          CacheSettings.defaults().withDistrust(Duration.ZERO).withEarlyRefresh(0),
          METER);

  @BeforeAll
  static void start() {
    cluster = TwoNodeCluster.start(dir);
    connection = RedisConnection.open(cluster.url(), SETTINGS);
  }

  @AfterAll
  static void stop() {
    connection.close();
    cluster.close();
  }

  @BeforeEach
  void oneNodeDies() {
    cache.readAll(keys, ReadOption.eventual(), SOURCE);
    cluster.second().kill();
  }

  @AfterEach
  void bothAreThere() {
    if (!cluster.second().isAlive()) {
      restart();
    }
  }

  private static void restart() {
    cluster.second().restart();
    cluster.awaitOk();
  }

  @Test
  void onlyTheKeysOfTheDeadNodeAreReadFromTheSource() {
    for (int round = 0; round < 3; round++) {
      for (String key : keys) {
        assertThat(cache.read(key, ReadOption.eventual(), () -> VALUE))
            .as("round %d, %s", round, key)
            .isEqualTo(expected(key));
      }
    }
  }

  @Test
  void ofABatchOnlyTheKeysOfTheDeadNodeAreReadFromTheSource_H37() {
    Map<String, Read> expected =
        keys.stream().collect(Collectors.toMap(key -> key, ClusterOutageIT::expected));
    for (int round = 0; round < 3; round++) {
      assertThat(cache.readAll(keys, ReadOption.eventual(), SOURCE))
          .as("round %d", round)
          .isEqualTo(expected);
    }
  }

  private static Read expected(String key) {
    return new Read(VALUE, cluster.home(key) == cluster.first() ? Served.HIT : Served.DEGRADED);
  }

  @Test
  void onlyTheBreakersOfTheDeadNodeOpen() {
    GuardedEntryStore store =
        new GuardedEntryStore(
            connection.entries(), Duration.ofHours(1), System::nanoTime, new CacheMetrics(METER));
    assertThat(keys).allMatch(store::isTrusted);
    store.lookup(keys);
    assertThat(keys.stream().filter(store::isTrusted))
        .containsExactlyElementsOf(keysOf(cluster.first()));
  }

  @Test
  void whenTheNodeIsBackItsKeysAreCachedAgain() {
    keys.forEach(key -> cache.read(key, ReadOption.eventual(), () -> VALUE));
    restart();
    await()
        .atMost(Duration.ofSeconds(20))
        .until(
            () ->
                cache.readAll(keys, ReadOption.eventual(), SOURCE).values().stream()
                    .allMatch(read -> read.served() == Served.HIT));
  }

  private List<String> keysOf(RedisServer node) {
    return keys.stream().filter(key -> cluster.home(key) == node).toList();
  }
}
