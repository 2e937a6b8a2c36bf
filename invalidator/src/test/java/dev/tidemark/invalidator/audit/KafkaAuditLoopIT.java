package dev.tidemark.invalidator.audit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.cache.redis.RedisSettings;
import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.cache.store.Lookup;
import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.embedded.RedisServer;
import dev.tidemark.invalidator.SharedKafka;
import dev.tidemark.invalidator.TestInvalidator;
import dev.tidemark.invalidator.TestProducts;
import dev.tidemark.invalidator.TestTopic;
import dev.tidemark.invalidator.settings.AuditSettings;
import dev.tidemark.invalidator.settings.Configuration;
import dev.tidemark.service.status.AuditReport;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLongArray;
import org.apache.kafka.clients.admin.Admin;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;

/// The running audit on real servers, with shorter times than the default.
@ExtendWith(SharedKafka.class)
class KafkaAuditLoopIT {

  private static final Duration TTL = Duration.ofMinutes(5);

  /// Number of writes that give enough checks on a busy machine, too.
  private static final int LEAST_WRITES = 300;

  @TempDir static Path dir;
  private static KafkaServer kafka;
  private static RedisServer redis;
  private static RedisConnection connection;
  private static TestProducts products;

  private final List<AutoCloseable> opened = new ArrayList<>();
  private final String group = "test-" + UUID.randomUUID();
  private EntryStore store;
  private TestTopic topic;

  @BeforeAll
  static void startServers(KafkaServer shared) throws Exception {
    Awaitility.setDefaultTimeout(Duration.ofSeconds(60));
    kafka = shared;
    redis =
        RedisServer.start(dir.resolve("redis"), 0, "--appendonly", "yes", "--appendfsync", "no");
    connection =
        RedisConnection.open(
            redis.url(), RedisSettings.defaults().withTimeout(Duration.ofSeconds(3)));
    products = TestProducts.start(dir.resolve("postgres"));
  }

  @AfterAll
  static void stopServers() {
    products.close();
    connection.close();
    redis.close();
  }

  @BeforeEach
  void begin() throws Exception {
    store = connection.entries();
    topic = new TestTopic(kafka.bootstrapServers(), "product-" + UUID.randomUUID() + ".events");
    opened.add(topic);
    topic.create(1);
  }

  @AfterEach
  void end() throws Exception {
    for (AutoCloseable each : opened.reversed()) {
      each.close();
    }
  }

  @Test
  void plantedStaleEntryIsFoundAndEvicted() throws Exception {
    KafkaAuditLoop audit = start(settings(200, 400, 800));
    products.bringTo(id("x"), 3);
    plant("x", "V1\n{\"version\":1}");

    topic.publish(id("x"), 3);

    await().until(() -> result(audit, "stale") == 1);
    assertThat(held("x")).isEqualTo(new Lookup.Miss());
    AuditReport report = audit.report();
    assertThat(report.lastStale()).hasSize(1);
    assertThat(report.lastStale().getFirst().key()).isEqualTo("product:" + id("x"));
    assertThat(report.lastStale().getFirst().version()).isEqualTo(3);
    assertThat(report.lastStale().getFirst().found()).isEqualTo(1);
    assertThat(report.windows())
        .extracting(AuditReport.Window::within)
        .containsExactly("200ms", "400ms", "800ms");
    assertThat(report.windows().getLast().behind() + report.windows().getLast().unknown())
        .isPositive();
  }

  @Test
  void aNegativeEntryIsStaleWhenTheProductIsThere_H11() throws Exception {
    KafkaAuditLoop audit = start(settings(200, 400, 800));
    products.bringTo(id("created"), 1);
    plant("created", "D0\n");
    topic.publish(id("created"), 1);
    await().until(() -> result(audit, "stale") == 1);
    assertThat(held("created")).isEqualTo(new Lookup.Miss());
  }

  @Test
  void whatIsAsNewOrNewerOrNothingIsConsistent() throws Exception {
    KafkaAuditLoop audit = start(settings(200, 400, 800));
    long fresh = result(audit, "fresh");
    plant("equal", "V3\n{}");
    plant("newer", "V4\n{}");
    plant("deleted", "D3\n");
    plant("lease", "L0:token\n");
    for (String id : List.of("equal", "newer", "deleted", "lease", "nothing")) {
      topic.publish(id(id), 3);
    }
    await().until(() -> result(audit, "fresh") + result(audit, "absent") >= 5);
    await().until(() -> audit.report().pending() == 0);
    assertThat(result(audit, "fresh") - fresh).isEqualTo(3);
    assertThat(result(audit, "stale") + result(audit, "lagging")).isZero();
    assertThat(held("equal")).isEqualTo(new Lookup.Hit(value(3)));
  }

  /// The event came an hour after its commit: nothing is known about the values that were served
  /// meanwhile.
  @Test
  void aLateEventSaysNothingOfTheTimesThatAreOver() throws Exception {
    KafkaAuditLoop audit = start(settings(200, 400, 800));
    List<Long> consistent =
        audit.report().windows().stream().map(AuditReport.Window::consistent).toList();
    long absent = result(audit, "absent");
    topic.publishRaw(
        id("late"),
        Map.of(
            "ce_type",
            "product.updated",
            "ce_aggregateversion",
            "2",
            "ce_time",
            Instant.now().minus(Duration.ofHours(1)).toString()),
        TestTopic.json(id("late"), 2));
    await().until(() -> result(audit, "absent") == absent + 1);
    assertThat(audit.report().windows())
        .extracting(AuditReport.Window::consistent)
        .isEqualTo(consistent);
    assertThat(audit.report().windows())
        .extracting(AuditReport.Window::unknown)
        .allSatisfy(unknown -> assertThat(unknown).isPositive());
  }

  /// H22: after a recovery to an earlier moment the event is newer than the database.
  @Test
  void whatTheDatabaseDoesNotHaveIsToldApartAndLeft_H22() throws Exception {
    KafkaAuditLoop audit = start(settings(200, 400, 800));
    products.bringTo(id("forked"), 4);
    plant("forked", "V4\n{}");
    topic.publish(id("forked"), 5);
    await().until(() -> result(audit, "forked") == 1);
    assertThat(result(audit, "stale")).isZero();
    assertThat(held("forked")).isEqualTo(new Lookup.Hit(value(4)));
  }

  @Test
  void withoutADatabaseTheEventIsProofEnough() throws Exception {
    KafkaAuditLoop audit = start(settings(200, 400, 800), "DATABASE_URL");
    plant("alone", "V1\n{}");
    topic.publish(id("alone"), 2);
    await().until(() -> result(audit, "stale") == 1);
    assertThat(held("alone")).isEqualTo(new Lookup.Miss());
  }

  @Test
  void whileTheDatabaseIsAwaySuspectsWait() throws Exception {
    KafkaAuditLoop audit = start(settings(200, 400, 800));
    products.bringTo(id("waits"), 2);
    plant("waits", "V1\n{}");
    long before = notConsistent(audit, 2);
    products.server().kill();
    try {
      topic.publish(id("waits"), 2);
      await().until(() -> notConsistent(audit, 2) == before + 1);
      long since = System.nanoTime();
      await().until(() -> System.nanoTime() - since > Duration.ofSeconds(1).toNanos());
      assertThat(result(audit, "stale")).isZero();
      assertThat(held("waits")).isEqualTo(new Lookup.Hit(value(1)));
    } finally {
      products.server().restart();
    }
    await().until(() -> result(audit, "stale") == 1);
    assertThat(held("waits")).isEqualTo(new Lookup.Miss());
    assertThat(notConsistent(audit, 2)).as("counted once").isEqualTo(before + 1);
  }

  @Test
  void whileRedisIsAwayChecksAreUnknownAndTheLastIsMadeLater() throws Exception {
    KafkaAuditLoop audit = start(settings(300, 600, 1500));
    products.bringTo(id("away"), 2);
    plant("away", "V1\n{}");
    long consistent = window(audit, 2).consistent();
    long before = window(audit, 2).unknown();
    redis.kill();
    topic.publish(id("away"), 2);
    await().until(() -> window(audit, 2).unknown() == before + 1);
    assertThat(window(audit, 0).unknown()).isPositive();
    assertThat(result(audit, "stale")).isZero();

    // This makes the check repeat soon after Redis is back.
    long failed = System.nanoTime();
    await().until(() -> System.nanoTime() - failed > Duration.ofSeconds(1).toNanos());
    long back = System.nanoTime();
    restartRedis();
    await().until(() -> result(audit, "stale") == 1);
    assertThat(System.nanoTime() - back)
        .as("the live path has to catch up first")
        .isGreaterThan(Duration.ofMillis(1500).toNanos());
    assertThat(held("away")).isEqualTo(new Lookup.Miss());
    assertThat(window(audit, 2).behind()).isZero();
    assertThat(window(audit, 2).consistent()).isEqualTo(consistent);
  }

  @Test
  void anInvalidatorThatIsStuckForAWhileIsSeenInTheFirstTimeOnly() throws Exception {
    KafkaAuditLoop audit = following(settings(500, 8_000, 10_000), environment("full"));
    for (int i = 0; i < 20; i++) {
      plant("stuck" + i, "V1\n{}");
      topic.publish(id("stuck" + i), 2);
    }
    // Some may be checked too late on a busy machine.
    await().until(() -> notConsistent(audit, 0) >= 20 && window(audit, 0).behind() > 0);
    assertThat(window(audit, 0).recentShare().orElseThrow()).isLessThan(1);

    opened.add(new TestInvalidator(environment("off")));
    await().until(() -> audit.report().pending() == 0);
    assertThat(result(audit, "lagging")).isPositive();
    assertThat(window(audit, 1).behind()).isZero();
    assertThat(window(audit, 2).behind()).isZero();
    assertThat(window(audit, 2).recentShare()).hasValue(1);
    assertThat(result(audit, "stale")).isZero();
  }

  /// Writers and readers that keep the protocol, the live path, and a Redis that hangs for a second
  /// now and then.
  @Test
  void constantWritesWithHiccupsGiveNoFalseAlarm() throws Exception {
    TestInvalidator invalidator = new TestInvalidator(environment("off"));
    opened.add(invalidator);
    KafkaAuditLoop audit = following(settings(500, 1500, 4000), environment("full"));
    int keys = 50;
    AtomicLongArray committed = new AtomicLongArray(keys);
    long begin = System.nanoTime();
    long nextHiccup = begin;
    try (Jedis admin = new Jedis("127.0.0.1", redis.port())) {
      int i = 0;
      while (i < LEAST_WRITES || System.nanoTime() - begin < Duration.ofSeconds(9).toNanos()) {
        int n = i++ % keys;
        if (System.nanoTime() - nextHiccup > 0) {
          nextHiccup = System.nanoTime() + Duration.ofSeconds(3).toNanos();
          admin.clientPause(1000);
        }
        topic.publish(id("busy" + n), committed.incrementAndGet(n));
        int read = (n * 7 + 3) % keys;
        readThrough("busy" + read, committed, read);
      }
    }
    await().until(() -> audit.report().pending() == 0);
    AuditReport report = audit.report();
    assertThat(report.keys())
        .as(report.toString())
        .containsEntry("stale", 0L)
        .containsEntry("forked", 0L);
    assertThat(result(audit, "fresh")).as(report.toString()).isGreaterThan(100);
    assertThat(invalidator.hasEnded()).isFalse();
  }

  @Test
  void severalAuditsShareTheEvents() throws Exception {
    topic.close();
    topic = new TestTopic(kafka.bootstrapServers(), "shared-" + UUID.randomUUID() + ".events");
    opened.add(topic);
    topic.create(4);
    KafkaAuditLoop one = loop(settings(200, 400, 800), environment("full"));
    KafkaAuditLoop other = loop(settings(200, 400, 800), environment("full"));
    await()
        .until(
            () -> {
              for (int i = 0; i < 20; i++) {
                topic.publish(id("warm" + i), 1);
              }
              return seen(one) > 0 && seen(other) > 0;
            });
    await().until(() -> one.report().pending() + other.report().pending() == 0);
    long before = seen(one) + seen(other);
    for (int i = 0; i < 200; i++) {
      topic.publish(id("shared" + i), 1);
    }
    await().until(() -> seen(one) + seen(other) >= before + 200);
    await().until(() -> one.report().pending() + other.report().pending() == 0);
    assertThat(seen(one) + seen(other)).isEqualTo(before + 200);
  }

  @Test
  void theServiceAuditsAndPublishesWhatItFinds() throws Exception {
    TestInvalidator invalidator = new TestInvalidator(environment("full"));
    opened.add(invalidator);
    await()
        .pollInterval(Duration.ofMillis(200))
        .until(
            () -> {
              topic.publish(id("seen"), 1);
              return invalidator.metric(
                      "audit_checks_total", "within=\"2s\"", "result=\"consistent\"")
                  > 0;
            });
    assertThat(invalidator.metric("audit_consistent_ratio", "within=\"2s\"")).isEqualTo(1);
    assertThat(invalidator.metric("audit_pending_events")).isPositive();
    assertThat(groups()).contains(group, group + "-audit");
  }

  @Test
  void switchedOffItDoesNothing() throws Exception {
    TestInvalidator invalidator = new TestInvalidator(environment("off"));
    opened.add(invalidator);
    topic.publish(id("unseen"), 1);
    await().until(() -> topic.committed(group) == 1);
    assertThat(groups()).contains(group).doesNotContain(group + "-audit");
    assertThat(invalidator.metric("audit_checks_total")).isZero();
  }

  private List<String> groups() throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()))) {
      return admin.listGroups().all().get().stream().map(each -> each.groupId()).toList();
    }
  }

  /// Reads through the cache like a reader: lease, source, fill.
  private void readThrough(String id, AtomicLongArray committed, int place) {
    try {
      String token = "t" + UUID.randomUUID();
      store.acquire("product:" + id(id), token, Duration.ofSeconds(5));
      long version = committed.get(place);
      if (version > 0) {
        store.fill("product:" + id(id), token, value(version), TTL);
      }
    } catch (RuntimeException redisHangs) {
      // A reader would read the database.
    }
  }

  private static AuditSettings settings(long... millis) {
    List<Duration> within = new ArrayList<>();
    for (long each : millis) {
      within.add(Duration.ofMillis(each));
    }
    return new AuditSettings(1, within, 100_000);
  }

  /// Starts an audit, and returns when it follows the topic and has processed all events so far.
  private KafkaAuditLoop start(AuditSettings settings, String... without) {
    Map<String, String> environment = environment("full");
    List.of(without).forEach(environment::remove);
    KafkaAuditLoop audit = following(settings, environment);
    await().until(() -> audit.report().pending() == 0);
    return audit;
  }

  /// Starts an audit, and returns when it follows the topic. It may still check events of a product
  /// that is not in the cache.
  private KafkaAuditLoop following(AuditSettings settings, Map<String, String> environment) {
    KafkaAuditLoop audit = loop(settings, environment);
    await()
        .pollInterval(Duration.ofMillis(100))
        .until(
            () -> {
              topic.publish(id("probe"), 1);
              return seen(audit) > 0;
            });
    return audit;
  }

  private KafkaAuditLoop loop(AuditSettings settings, Map<String, String> environment) {
    KafkaAuditLoop audit =
        new KafkaAuditLoop(Configuration.from(environment), settings, Clock.systemUTC());
    opened.add(audit);
    audit.start();
    return audit;
  }

  private static long seen(KafkaAuditLoop audit) {
    AuditReport report = audit.report();
    return report.pending() + report.keys().values().stream().mapToLong(n -> n).sum();
  }

  private static long result(KafkaAuditLoop audit, String result) {
    return audit.report().keys().getOrDefault(result, 0L);
  }

  private static long notConsistent(KafkaAuditLoop audit, int place) {
    return window(audit, place).behind() + window(audit, place).unknown();
  }

  private static AuditReport.Window window(KafkaAuditLoop audit, int place) {
    return audit.report().windows().get(place);
  }

  private Map<String, String> environment(String audit) {
    return new HashMap<>(
        Map.of(
            "KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrapServers(),
            "KAFKA_PRODUCT_TOPIC", topic.name(),
            "KAFKA_GROUP_ID", group,
            "REDIS_URL", redis.url(),
            "DATABASE_URL", products.auditUrl(),
            "TIDEMARK_INVALIDATOR_AUDIT", audit,
            "TIDEMARK_INVALIDATOR_ADMIN_PORT", "0"));
  }

  /// The test's own connection notices at its first use that it was cut.
  private static void restartRedis() {
    redis.restart();
    await()
        .ignoreExceptions()
        .until(
            () -> {
              connection.ping();
              return true;
            });
  }

  private String id(String name) {
    return name + "-" + group;
  }

  private void plant(String id, String entry) {
    try (Jedis client = new Jedis("127.0.0.1", redis.port())) {
      client.set("product:" + id(id), entry);
    }
  }

  private Lookup held(String id) {
    return store.lookup("product:" + id(id));
  }

  private static CachedValue value(long version) {
    return new CachedValue.Present(version, "{}".getBytes(UTF_8));
  }
}
