package dev.tidemark.cache.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.tidemark.cache.redis.RedisInspection.Found;
import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.EntryStoreException;
import dev.tidemark.cache.store.Lookup;
import dev.tidemark.cache.store.Outcome;
import dev.tidemark.embedded.RedisCluster;
import dev.tidemark.embedded.RedisServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Inspection of a single server and of a cluster of two primaries.
class RedisInspectionIT {

  private static final RedisSettings SETTINGS =
      RedisSettings.defaults().withTimeout(Duration.ofSeconds(2));

  @TempDir static Path dir;
  private static RedisServer single;
  private static TwoNodeCluster cluster;
  private static RedisConnection toSingle;
  private static RedisConnection toCluster;

  enum Kind {
    SINGLE,
    CLUSTER
  }

  @BeforeAll
  static void start() {
    single = RedisServer.start(dir.resolve("single"), 0);
    cluster = TwoNodeCluster.start(dir.resolve("cluster"));
    toSingle = RedisConnection.open(single.url(), SETTINGS);
    toCluster = RedisConnection.open(cluster.url(), SETTINGS);
  }

  @AfterAll
  static void stop() {
    toSingle.close();
    toCluster.close();
    single.close();
    cluster.close();
  }

  @BeforeEach
  void empty() {
    for (Kind kind : Kind.values()) {
      connection(kind).client().flushAll();
    }
  }

  @ParameterizedTest
  @EnumSource
  void aScanTellsAllKeysOfAPrefixOnAllServers(Kind kind) {
    Set<String> mine = new HashSet<>();
    for (int i = 0; i < 3000; i++) {
      mine.add("product:" + i);
      connection(kind).client().set("product:" + i, "V1\n");
      connection(kind).client().set("other:" + i, "x");
    }
    assertThat(scan(kind, "product:")).hasSameElementsAs(mine);
    assertThat(connection(kind).inspection().size()).isEqualTo(6000);
  }

  @ParameterizedTest
  @EnumSource
  void aPrefixIsTakenLiterally(Kind kind) {
    connection(kind).client().set("a*[b]?\\x", "V1\n");
    connection(kind).client().set("aZb", "V1\n");
    assertThat(scan(kind, "a*[b]?\\")).containsExactly("a*[b]?\\x");
  }

  @ParameterizedTest
  @EnumSource
  void randomKeysComeFromAllServers(Kind kind) {
    IntStream.range(0, 200).forEach(i -> connection(kind).client().set("k" + i, "x"));
    Set<String> drawn = new HashSet<>();
    for (int i = 0; i < 20; i++) {
      List<String> keys = connection(kind).inspection().randomKeys(100);
      assertThat(keys.size()).isBetween(98, 102);
      drawn.addAll(keys);
    }
    assertThat(drawn).hasSizeGreaterThan(190);
  }

  @ParameterizedTest
  @EnumSource
  void anEmptyCacheHasNoRandomKeys(Kind kind) {
    assertThat(connection(kind).inspection().randomKeys(10)).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void whatIsNoEntryIsToldAndLeft(Kind kind) {
    var client = connection(kind).client();
    client.set("v", "V3\nx");
    client.set("d", "D4\n");
    client.set("l", "L5:t\n");
    client.set("text", "nonsense");
    client.lpush("list", "x");

    List<Outcome<Found>> found =
        connection(kind).inspection().read(List.of("v", "d", "l", "text", "list", "none"));

    assertThat(found)
        .containsExactly(
            known(new Lookup.Hit(new CachedValue.Present(3, "x".getBytes(UTF_8)))),
            known(new Lookup.Hit(new CachedValue.Absent(4))),
            known(new Lookup.Filling(5)),
            new Outcome.Applied<>(new Found.Unreadable()),
            new Outcome.Applied<>(new Found.Unreadable()),
            known(new Lookup.Miss()));
    assertThat(client.exists("text")).isTrue();
    assertThat(client.exists("list")).isTrue();
  }

  @ParameterizedTest
  @EnumSource
  void aNoteIsThereForOthers(Kind kind) {
    assertThat(connection(kind).note("tidemark:x")).isEmpty();
    connection(kind).leaveNote("tidemark:x", "1");
    connection(kind).leaveNote("tidemark:x", "2");
    assertThat(connection(kind).note("tidemark:x")).contains("2");
  }

  /// Half of the keys would be mistaken for all.
  @Test
  void whileANodeOfAClusterIsAwayItsKeysAreNotLeftOutInSilence() {
    IntStream.range(0, 100).forEach(i -> toCluster.client().set("k" + i, "x"));
    cluster.second().kill();
    try (RedisConnection connection = RedisConnection.open(cluster.url(), SETTINGS)) {
      RedisInspection inspection = connection.inspection();
      assertThatThrownBy(() -> inspection.scan("k")).isInstanceOf(EntryStoreException.class);
      assertThatThrownBy(inspection::size).isInstanceOf(EntryStoreException.class);
    } finally {
      cluster.second().restart();
      cluster.awaitOk();
    }
  }

  @Test
  void afterAFailoverThePromotedReplicaIsScanned() {
    try (RedisCluster three = RedisCluster.start(dir.resolve("three"), 3, Duration.ofSeconds(1))) {
      RedisServer dies = three.primaries().getFirst();
      three.addReplica(dies);
      Set<String> keys = new HashSet<>();
      try (RedisConnection connection = RedisConnection.open(three.url(), SETTINGS)) {
        for (int i = 0; i < 100; i++) {
          keys.add("k" + i);
          connection.client().set("k" + i, "x");
        }
      }
      dies.kill();
      await()
          .atMost(Duration.ofSeconds(30))
          .ignoreExceptions()
          .untilAsserted(
              () -> {
                try (RedisConnection connection = RedisConnection.open(three.url(), SETTINGS)) {
                  assertThat(scan(connection, "k")).hasSameElementsAs(keys);
                }
              });
    }
  }

  private static List<String> scan(Kind kind, String prefix) {
    return scan(connection(kind), prefix);
  }

  private static List<String> scan(RedisConnection connection, String prefix) {
    List<String> keys = new ArrayList<>();
    RedisInspection.Scan scan = connection.inspection().scan(prefix);
    for (Optional<List<String>> page = scan.next(100); page.isPresent(); page = scan.next(100)) {
      keys.addAll(page.get());
    }
    return keys;
  }

  private static Outcome<Found> known(Lookup lookup) {
    return new Outcome.Applied<>(new Found.Known(lookup));
  }

  private static RedisConnection connection(Kind kind) {
    return kind == Kind.SINGLE ? toSingle : toCluster;
  }
}
