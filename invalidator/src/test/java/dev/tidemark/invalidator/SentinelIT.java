package dev.tidemark.invalidator;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.cache.redis.RedisSettings;
import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.cache.store.Lookup;
import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.embedded.RedisReplication;
import dev.tidemark.embedded.RedisServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;

/// Test of the live path on a primary and its replica that three sentinels watch: when the primary
/// dies it continues by itself at the replica, and evictions that the replica lacks are applied
/// again.
@ExtendWith(SharedKafka.class)
class SentinelIT {

  private static final String NAME = "cache";
  private static final Duration TTL = Duration.ofMinutes(5);

  /// Time until the primary counts as down. Sentinels promote no replica that was cut off for more
  /// than ten times this.
  private static final Duration DOWN_AFTER = Duration.ofSeconds(2);

  private static final int KEYS = 50;

  private static KafkaServer kafka;

  @TempDir Path dir;
  private final String group = "sentinel-" + UUID.randomUUID();
  private final List<String> ids = IntStream.range(0, KEYS).mapToObj(i -> i + group).toList();
  private RedisServer primary;
  private RedisServer replica;
  private List<RedisServer> sentinels;
  private String url;
  private RedisConnection connection;
  private EntryStore store;
  private TestTopic topic;

  @BeforeAll
  static void startKafka(KafkaServer shared) {
    Awaitility.setDefaultTimeout(Duration.ofSeconds(60));
    kafka = shared;
  }

  @BeforeEach
  void start() throws Exception {
    primary = RedisServer.start(dir.resolve("primary"), 0, "--repl-diskless-sync-delay", "0");
    CuttableReplica.allow(primary);
    replica =
        RedisReplication.startReplica(
            dir.resolve("replica"),
            primary,
            "--masteruser",
            CuttableReplica.USER,
            "--masterauth",
            CuttableReplica.PASSWORD);
    sentinels =
        IntStream.range(0, 3)
            .mapToObj(
                i ->
                    RedisReplication.startSentinel(
                        dir.resolve("sentinel" + i), NAME, primary, 2, DOWN_AFTER))
            .toList();
    sentinels.forEach(SentinelIT::awaitCompany);
    url =
        sentinels.stream()
            .map(sentinel -> "127.0.0.1:" + sentinel.port())
            .collect(Collectors.joining(",", "redis://", "?sentinel=" + NAME));
    connection =
        RedisConnection.open(url, RedisSettings.defaults().withTimeout(Duration.ofSeconds(2)));
    store = connection.entries();
    topic = new TestTopic(kafka.bootstrapServers(), "product-" + UUID.randomUUID() + ".events");
    topic.create(3);
  }

  @AfterEach
  void stop() throws Exception {
    topic.close();
    connection.close();
    sentinels.forEach(RedisServer::close);
    replica.close();
    primary.close();
  }

  @Test
  void whenThePrimaryDiesUnderWritesItGoesOnAtTheReplicaAndNothingStaleIsLeft_H4()
      throws Exception {
    try (TestInvalidator invalidator = startInvalidator()) {
      try (Churn churn = new Churn(store, topic, ids)) {
        await().until(() -> invalidator.metric("invalidations_total") > KEYS);

        primary.kill();
        await().until(() -> !invalidator.isReady());
        await().until(() -> invalidator.metric("invalidator_rewinds_total") == 1);
        await().until(invalidator::isReady);
        long then = churn.changes();
        await().until(() -> churn.changes() > then + KEYS);
        awaitSettled(churn.end());

        assertThat(churn.stale()).isEmpty();
      }
      assertThat(invalidator.hasEnded()).isFalse();
    }
  }

  @Test
  void evictionsThatTheReplicaHadNotHeardOfAreAppliedAgain_H4() throws Exception {
    try (TestInvalidator invalidator = startInvalidator()) {
      givenAll();
      RedisReplication.awaitReplica(primary);
      await().until(invalidator::isReady);
      CuttableReplica.cutOff(primary, replica);
      ids.forEach(id -> topic.publish(id, 2));
      awaitSettled(KEYS);
      assertThat(held()).containsOnly(new Lookup.Miss());

      primary.kill();

      await().until(() -> invalidator.metric("invalidator_rewinds_total") == 1);
      await()
          .ignoreExceptions()
          .untilAsserted(() -> assertThat(held()).containsOnly(new Lookup.Miss()));
      await().until(invalidator::isReady);
    }
  }

  /// This is the hazard itself, because nobody repairs.
  @Test
  void withoutAnInvalidatorTheyStayStale_H4() throws Exception {
    try (TestInvalidator _ = startInvalidator()) {
      givenAll();
      RedisReplication.awaitReplica(primary);
      CuttableReplica.cutOff(primary, replica);
      ids.forEach(id -> topic.publish(id, 2));
      awaitSettled(KEYS);
    }

    primary.kill();

    await()
        .ignoreExceptions()
        .untilAsserted(() -> assertThat(held()).containsOnly(new Lookup.Hit(value(1))));
  }

  private void awaitSettled(long records) {
    await().untilAsserted(() -> assertThat(topic.committed(group)).isEqualTo(records));
  }

  private void givenAll() {
    for (String id : ids) {
      store.acquire("product:" + id, "given", TTL);
      store.fill("product:" + id, "given", value(1), TTL);
    }
    assertThat(held()).containsOnly(new Lookup.Hit(value(1)));
  }

  private List<Lookup> held() {
    return ids.stream().map(id -> store.lookup("product:" + id)).toList();
  }

  private static CachedValue value(long version) {
    return new CachedValue.Present(version, ("v" + version).getBytes(UTF_8));
  }

  /// Waits until the sentinel knows the others and the replica: it promotes only what it knows.
  private static void awaitCompany(RedisServer sentinel) {
    try (Jedis admin = new Jedis("127.0.0.1", sentinel.port(), 10_000)) {
      await()
          .until(
              () ->
                  admin.sentinelReplicas(NAME).stream()
                          .anyMatch(each -> each.get("master-link-status").equals("ok"))
                      && admin.sentinelSentinels(NAME).size() == 2);
    }
  }

  private TestInvalidator startInvalidator() {
    return new TestInvalidator(
        Map.of(
            "KAFKA_BOOTSTRAP_SERVERS",
            kafka.bootstrapServers(),
            "KAFKA_PRODUCT_TOPIC",
            topic.name(),
            "KAFKA_GROUP_ID",
            group,
            "REDIS_URL",
            url,
            "TIDEMARK_INVALIDATOR_ADMIN_PORT",
            "0"));
  }
}
