package dev.tidemark.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.tidemark.cache.Read.Served;
import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.cache.redis.RedisSettings;
import dev.tidemark.cache.store.Lookup;
import dev.tidemark.embedded.CuttableRoute;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.Jedis;

/// Reads while Redis is away, hangs, or is full, and when it is back.
class RedisOutageIT extends ReadsOnRedis {

  private static final RedisSettings IMPATIENT =
      new RedisSettings(Duration.ofMillis(50), Duration.ofMillis(50), Duration.ofMillis(50), 64);

  private static final Duration SOON = Duration.ofSeconds(20);

  private final VersionedCache trusting = cache(SETTINGS.withDistrust(Duration.ZERO));

  @AfterEach
  void backToNormal() {
    if (!server.isAlive()) {
      server.restart();
    }
  }

  @Test
  void whileRedisIsAwayReadsComeFromTheSourceAndAfterwardsAreCachedAgain() throws Exception {
    trusting.read(key, ReadOption.eventual(), source);
    server.kill();
    committed.set(2);
    assertThat(trusting.read(key, ReadOption.eventual(), source))
        .isEqualTo(new Read(value(2), Served.DEGRADED));
    assertThat(count("cache.refreshes", "error")).isEqualTo(1);
    assertThat(trusting.read(key, ReadOption.atLeast(2), source).value()).isEqualTo(value(2));
    assertThat(trusting.read(key, ReadOption.strong(), source).value()).isEqualTo(value(2));
    assertThat(trusting.readAll(List.of(key), ReadOption.eventual(), keys -> Map.of(key, value(2))))
        .containsExactly(Map.entry(key, new Read(value(2), Served.DEGRADED)));
    long failed = count("cache.refreshes", "error");
    trusting.refresh(key, value(2));
    assertThat(count("cache.refreshes", "error")).isEqualTo(failed + 1);
    assertThat(count("cache.requests", "error")).isEqualTo(3);

    server.restart();
    await()
        .atMost(SOON)
        .until(() -> trusting.read(key, ReadOption.eventual(), source).served() == Served.HIT);
    assertThat(trusting.read(key, ReadOption.eventual(), source).value()).isEqualTo(value(2));
  }

  @Test
  void whileRedisIsAwayManyReadersShareTheReadsOfTheSource() throws Exception {
    server.kill();
    List<Read> reads = readTogether(50, List.of(cache), slow(source));
    assertThat(reads).hasSize(50);
    assertThat(sourceReads.get()).as("%s", reads).isLessThan(10);
  }

  @Test
  void oneRefusedConnectionOpensTheBreaker() {
    server.kill();
    read();
    assertThat(count("cache.breaker.openings")).isEqualTo(1);
    assertThat(count("cache.breaker.open")).isEqualTo(1);
  }

  /// Redis does not answer for a moment: long enough for many readers' time-outs, not for an
  /// outage.
  @Test
  void manyTimeoutsWithinOneMomentAreNoOutage_H57() throws Exception {
    Duration timeout = Duration.ofSeconds(1);
    try (RedisConnection impatient =
        RedisConnection.open(server.url(), new RedisSettings(timeout, timeout, timeout, 64))) {
      VersionedCache reader = new VersionedCache(impatient.entries(), SETTINGS, meters.get("it"));
      reader.read(key, ReadOption.eventual(), source);
      signal("STOP");
      try {
        List<Future<Read>> reads = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
          String each = key + i;
          reads.add(readers.submit(() -> reader.read(each, ReadOption.eventual(), source)));
        }
        for (Future<Read> read : reads) {
          assertThat(read.get().served()).isEqualTo(Served.DEGRADED);
        }
      } finally {
        signal("CONT");
      }
      await()
          .atMost(SOON)
          .untilAsserted(
              () ->
                  assertThat(reader.read(key, ReadOption.eventual(), source).served())
                      .isEqualTo(Served.HIT));
      assertThat(count("cache.breaker.openings")).isZero();
    }
  }

  @Test
  void whileRedisHangsManyReadersOnFewConnectionsFindOut() throws Exception {
    RedisSettings few =
        new RedisSettings(Duration.ofMillis(50), Duration.ofMillis(50), Duration.ofMillis(50), 4);
    try (RedisConnection narrow = RedisConnection.open(server.url(), few)) {
      VersionedCache reader = new VersionedCache(narrow.entries(), SETTINGS, meters.get("it"));
      reader.read(key, ReadOption.eventual(), source);
      AtomicBoolean stop = new AtomicBoolean();
      signal("STOP");
      try {
        for (int i = 0; i < 40; i++) {
          String each = key + i;
          readers.execute(
              () -> {
                while (!stop.get()) {
                  reader.read(each, ReadOption.eventual(), source);
                }
              });
        }
        await().atMost(SOON).until(() -> count("cache.breaker.openings") > 0);
      } finally {
        stop.set(true);
        signal("CONT");
      }
    }
  }

  /// Redis answers reads, and refuses evictions.
  @ParameterizedTest
  @ValueSource(strings = {"MISCONF", "NOREPLICAS", "READONLY", "NOPERM"})
  void aRedisThatRefusesEvictionsIsAway_H60(String how) {
    trusting.read(key, ReadOption.eventual(), source);
    refuseWrites(how);
    try {
      // A process that only reads detects it, too.
      await()
          .atMost(SOON)
          .until(
              () -> trusting.read(key, ReadOption.eventual(), source).served() == Served.DEGRADED);
      assertThat(count("cache.breaker.openings")).isEqualTo(1);
      committed.set(2);
      long end = System.nanoTime() + Duration.ofSeconds(2).toNanos();
      while (System.nanoTime() < end) {
        assertThat(trusting.read(key, ReadOption.eventual(), source))
            .isEqualTo(new Read(value(2), Served.DEGRADED));
      }
      assertThat(count("cache.breaker.open")).isEqualTo(1);
    } finally {
      takeWrites(how);
    }
    await()
        .atMost(SOON)
        .until(() -> trusting.read(key, ReadOption.eventual(), source).served() == Served.HIT);
    assertThat(trusting.read(key, ReadOption.eventual(), source).value()).isEqualTo(value(2));
  }

  private static void refuseWrites(String how) {
    try (Jedis admin = new Jedis("127.0.0.1", server.port(), 10_000)) {
      switch (how) {
        case "MISCONF" -> failASnapshot(admin);
        case "NOREPLICAS" -> admin.configSet("min-replicas-to-write", "1");
        case "READONLY" -> admin.replicaof("127.0.0.1", 1);
        case "NOPERM" -> admin.aclSetUser("default", "-eval", "-evalsha");
        default -> throw new IllegalArgumentException(how);
      }
    }
  }

  /// A directory has the name of the snapshot.
  private static void failASnapshot(Jedis admin) {
    String name = "not-a-file";
    Path snapshot =
        Path.of(admin.configGet("dir").get("dir"), admin.configGet("dbfilename").get("dbfilename"));
    try {
      Files.createDirectories(snapshot.resolve(name));
      admin.configSet("save", "3600 1000000");
      admin.bgsave();
      await()
          .atMost(SOON)
          .until(() -> admin.info("persistence").contains("rdb_last_bgsave_status:err"));
      Files.delete(snapshot.resolve(name));
      Files.delete(snapshot);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void takeWrites(String how) {
    try (Jedis admin = new Jedis("127.0.0.1", server.port(), 10_000)) {
      switch (how) {
        case "MISCONF" -> admin.configSet("save", "");
        case "NOREPLICAS" -> admin.configSet("min-replicas-to-write", "0");
        case "READONLY" -> admin.replicaofNoOne();
        default -> admin.aclSetUser("default", "+@all");
      }
    }
  }

  @Test
  void aBatchWithoutAnAnswerOpensItToo() {
    server.kill();
    cache.readAll(
        List.of(key, key + "2"),
        ReadOption.eventual(),
        keys -> Map.of(key, value(1), key + "2", value(1)));
    assertThat(count("cache.breaker.open")).isEqualTo(1);
  }

  /// A reader that gets no answer on a connection drops it, and the next one opens another.
  @Test
  void whileRedisHangsOnlyAFewReadersAndWritersTryIt() throws Exception {
    try (CuttableRoute address = CuttableRoute.to(server.port());
        RedisConnection impatient =
            RedisConnection.open(address.through(server.url()), IMPATIENT)) {
      VersionedCache reader = new VersionedCache(impatient.entries(), SETTINGS, meters.get("it"));
      reader.read(key, ReadOption.eventual(), source);
      signal("STOP");
      try {
        for (int i = 0; i < 200; i++) {
          assertThat(reader.read(key, ReadOption.eventual(), source).served())
              .isEqualTo(Served.DEGRADED);
          reader.refresh(key, value(2));
        }
      } finally {
        signal("CONT");
      }
      assertThat(address.accepted()).isBetween(4, 20);
    }
  }

  /// Redis hangs with an old value in it; the change and its eviction come meanwhile; then it
  /// continues. A reader that trusted its content before the eviction is repeated would read stale
  /// data.
  @Test
  void whenRedisIsBackNothingIsServedThatWasOldBeforeThePendingEvictionsAreApplied()
      throws Exception {
    Duration evictorIsLate = Duration.ofMillis(700);
    try (RedisConnection impatient = RedisConnection.open(server.url(), IMPATIENT)) {
      VersionedCache reader =
          new VersionedCache(
              impatient.entries(),
              SETTINGS.withDistrust(evictorIsLate.multipliedBy(3)),
              meters.get("reader"));
      reader.read(key, ReadOption.eventual(), source);
      signal("STOP");
      committed.set(2);
      AtomicBoolean stop = new AtomicBoolean();
      Future<Long> oldest =
          readers.submit(
              () -> {
                long least = Long.MAX_VALUE;
                boolean hit = false;
                while (!stop.get() || !hit) {
                  Read read = reader.read(key, ReadOption.eventual(), source);
                  least = Math.min(least, read.value().version());
                  hit = read.served() == Served.HIT;
                }
                return least;
              });
      try {
        await().atMost(SOON).until(() -> count("cache.breaker.openings") > 0);
      } finally {
        signal("CONT");
      }
      await().during(evictorIsLate).atMost(SOON).until(() -> !oldest.isDone());
      store.evict(key, 2);
      stop.set(true);
      assertThat(oldest.get()).isEqualTo(2);
    }
  }

  /// Reads of another key detect the outage: those of this one would tell Redis the state of the
  /// source.
  @Test
  void afterAnOutageWhatRedisHoldsIsNotBelieved() throws Exception {
    assertThat(readAfterAnOutageFoundByAnotherKey(Duration.ofMinutes(1)))
        .isEqualTo(new Read(value(2), Served.DEGRADED));
  }

  /// This is the counter-proof of the test above.
  @Test
  void withoutDistrustAStaleValueIsServedAfterTheOutage() throws Exception {
    assertThat(readAfterAnOutageFoundByAnotherKey(Duration.ZERO))
        .isEqualTo(new Read(value(1), Served.HIT));
  }

  private Read readAfterAnOutageFoundByAnotherKey(Duration distrust) throws Exception {
    try (RedisConnection impatient = RedisConnection.open(server.url(), IMPATIENT)) {
      VersionedCache reader =
          new VersionedCache(
              impatient.entries(), SETTINGS.withDistrust(distrust), meters.get("reader"));
      reader.read(key, ReadOption.eventual(), source);
      reader.read(key + "other", ReadOption.eventual(), source);
      signal("STOP");
      committed.set(2);
      try {
        await()
            .atMost(SOON)
            .until(
                () -> {
                  reader.read(key + "other", ReadOption.eventual(), source);
                  return count("cache.breaker.openings") > 0;
                });
      } finally {
        signal("CONT");
      }
      await()
          .atMost(SOON)
          .until(
              () -> {
                reader.read(key + "other", ReadOption.eventual(), source);
                return count("cache.breaker.open") == 0;
              });
      return reader.read(key, ReadOption.eventual(), source);
    }
  }

  @Test
  void whenRedisDiesBetweenLeaseAndFillTheReaderIsServedAllTheSame() {
    Read read =
        trusting.read(
            key,
            ReadOption.eventual(),
            () -> {
              server.kill();
              return value(1);
            });
    assertThat(read).isEqualTo(new Read(value(1), Served.NOT_STORED));
    assertThat(count("cache.fills", "error")).isEqualTo(1);
    server.restart();
    await()
        .atMost(SOON)
        .until(() -> trusting.read(key, ReadOption.eventual(), source).served() == Served.HIT);
  }

  @Test
  void whileRedisIsFullItsHitsAreServedAndMissesComeFromTheSource() {
    read();
    connection.client().configSet("maxmemory", "1");
    try {
      for (int i = 0; i < 20; i++) {
        assertThat(cache.read(key + i, ReadOption.eventual(), source).served())
            .isEqualTo(Served.DEGRADED);
        assertThat(read().served()).isEqualTo(Served.HIT);
      }
      assertThat(count("cache.breaker.openings")).isZero();
    } finally {
      connection.client().configSet("maxmemory", "0");
    }
    assertThat(cache.read(key + "0", ReadOption.eventual(), source).served())
        .isEqualTo(Served.STORED);
  }

  @Test
  void tooManyReadersForTheConnectionsAreNoOutage() throws Exception {
    RedisSettings oneConnection = new RedisSettings(SOON, SOON, Duration.ofMillis(20), 1);
    try (RedisConnection narrow = RedisConnection.open(server.url(), oneConnection)) {
      VersionedCache reader = new VersionedCache(narrow.entries(), SETTINGS, meters.get("it"));
      Future<List<String>> holding =
          readers.submit(() -> narrow.client().blpop(20, key + ":never"));
      await().atMost(SOON).until(() -> clientsBlocked() == 1);
      for (int i = 0; i < 20; i++) {
        assertThat(reader.read(key, ReadOption.eventual(), source).served())
            .isEqualTo(Served.DEGRADED);
      }
      connection.client().rpush(key + ":never", "done");
      holding.get();
      assertThat(reader.read(key, ReadOption.eventual(), source).served()).isEqualTo(Served.STORED);
      assertThat(count("cache.breaker.openings")).isZero();
    }
  }

  private static long clientsBlocked() {
    return connection
        .client()
        .info("clients")
        .lines()
        .filter(line -> line.equals("blocked_clients:1"))
        .count();
  }

  @Test
  void whenTheSourceIsBusyTheLeaseIsGivenUp_H17() throws Exception {
    VersionedCache narrow = cache(SETTINGS.withDatabaseReads(1, Duration.ofMillis(30)));
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    Future<Read> first =
        readers.submit(
            () ->
                narrow.read(
                    key + "1",
                    ReadOption.eventual(),
                    () -> {
                      inside.countDown();
                      goOn.await();
                      return value(1);
                    }));
    inside.await();
    assertThatThrownBy(() -> narrow.read(key, ReadOption.eventual(), source))
        .isInstanceOf(DatabaseBusyException.class);
    goOn.countDown();
    first.get();
    assertThat(store.lookup(key)).isEqualTo(new Lookup.Miss());
  }

  private static void signal(String name) throws IOException, InterruptedException {
    Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(server.pid())).start();
    assertThat(kill.waitFor()).isZero();
  }
}
