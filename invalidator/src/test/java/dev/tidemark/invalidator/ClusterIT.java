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
import dev.tidemark.embedded.RedisCluster;
import dev.tidemark.embedded.RedisReplication;
import dev.tidemark.embedded.RedisServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.util.JedisClusterCRC16;

/// Test of the live path on a Redis Cluster of three primaries: slots that move, a primary that
/// dies and comes back, one whose replica takes its place.
@ExtendWith(SharedKafka.class)
class ClusterIT {

  private static final Duration TTL = Duration.ofMinutes(5);
  private static final Duration NODE_TIMEOUT = Duration.ofSeconds(2);
  private static final int KEYS = 60;
  private static final int MOVES = 30;

  private static KafkaServer kafka;

  @TempDir Path dir;
  private final String group = "cluster-" + UUID.randomUUID();
  private final List<String> ids = IntStream.range(0, KEYS).mapToObj(i -> i + group).toList();
  private RedisCluster cluster;
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
    // The entries of a node survive a kill. Its replica may take its place however long ago it last
    // had contact.
    cluster =
        RedisCluster.start(
            dir,
            3,
            NODE_TIMEOUT,
            "--appendonly",
            "yes",
            "--appendfsync",
            "no",
            "--repl-diskless-sync-delay",
            "0",
            "--cluster-replica-validity-factor",
            "0",
            "--masteruser",
            CuttableReplica.USER,
            "--masterauth",
            CuttableReplica.PASSWORD);
    connection =
        RedisConnection.open(
            cluster.url(), RedisSettings.defaults().withTimeout(Duration.ofSeconds(2)));
    store = connection.entries();
    topic = new TestTopic(kafka.bootstrapServers(), "product-" + UUID.randomUUID() + ".events");
    topic.create(3);
  }

  @AfterEach
  void stop() throws Exception {
    topic.close();
    connection.close();
    cluster.close();
  }

  @Test
  void whileSlotsMoveNoEvictionIsLost_H37_H43() throws Exception {
    List<RedisServer> primaries = cluster.primaries();
    try (TestInvalidator invalidator = startInvalidator()) {
      try (Churn churn = new Churn(store, topic, ids)) {
        await().until(() -> invalidator.metric("invalidations_total") > KEYS);
        for (int i = 0; i < MOVES; i++) {
          String key = "product:" + ids.get(i);
          RedisServer from = cluster.home(key);
          RedisServer to = primaries.get((primaries.indexOf(from) + 1) % primaries.size());
          cluster.move(JedisClusterCRC16.getSlot(key), from, to);
        }
        long then = churn.changes();
        await().until(() -> churn.changes() > then + KEYS);
        awaitSettled(churn.end());

        assertThat(churn.stale()).isEmpty();
        assertThat(churn.fills()).isGreaterThan(KEYS);
      }
      assertThat(invalidator.metric("invalidations_total", "result=\"evicted\"")).isPositive();
      await().until(invalidator::isReady);
    }
  }

  /// The order of the offsets is kept: a commit of later offsets would lose the one that waits.
  @Test
  void whileAPrimaryIsDownItsEvictionIsRepeatedAndTheRestWaitsBehindIt_H36_H37() throws Exception {
    RedisServer down = cluster.primaries().get(1);
    String first =
        ids.stream().filter(id -> cluster.home("product:" + id) == down).findFirst().orElseThrow();
    List<String> others = ids.stream().filter(id -> cluster.home("product:" + id) != down).toList();
    try (TestInvalidator invalidator = startInvalidator()) {
      givenAll(1);
      await().until(invalidator::isReady);
      down.kill();
      topic.publish(first, 2);
      await().until(() -> invalidator.status().at("/reason").asText().contains("evictions: "));
      others.forEach(id -> topic.publish(id, 2));
      double failed = invalidator.metric("invalidations_total", "result=\"failed\"");
      await()
          .until(() -> invalidator.metric("invalidations_total", "result=\"failed\"") > failed + 3);
      assertThat(others).map(this::held).containsOnly(new Lookup.Hit(value(1)));
      assertThat(topic.committed(group)).isZero();

      down.restart();
      cluster.awaitOk();
      awaitSettled(1 + others.size());
      assertThat(others).map(this::held).containsOnly(new Lookup.Miss());
      assertThat(held(first)).isEqualTo(new Lookup.Miss());
      await().until(invalidator::isReady);
    }
  }

  /// No eviction comes meanwhile, so only the look finds the dead primary.
  @Test
  void evictionsThatAFailoverOfOnePrimaryLostAreAppliedAgain_H4() throws Exception {
    RedisServer primary = cluster.primaries().get(1);
    RedisServer replica = replicaOf(primary);
    try (TestInvalidator invalidator = startInvalidator()) {
      givenAll(1);
      RedisReplication.awaitReplica(primary);
      await().until(invalidator::isReady);
      CuttableReplica.cutOff(primary, replica);
      publishAll(2);
      awaitSettled(KEYS);
      assertThat(held()).containsOnly(new Lookup.Miss());

      primary.kill();

      await().until(() -> isPrimary(replica));
      await().until(() -> invalidator.metric("invalidator_rewinds_total") >= 1);
      await().untilAsserted(() -> assertThat(held()).containsOnly(new Lookup.Miss()));
      await().until(invalidator::isReady);
    }
  }

  /// This is the hazard itself, because nobody repairs.
  @Test
  void aFailoverOfOnePrimaryLosesEvictions_H4() throws Exception {
    RedisServer primary = cluster.primaries().get(1);
    RedisServer replica = replicaOf(primary);
    try (TestInvalidator _ = startInvalidator()) {
      givenAll(1);
      RedisReplication.awaitReplica(primary);
      CuttableReplica.cutOff(primary, replica);
      publishAll(2);
      awaitSettled(KEYS);
    }
    primary.kill();
    await().until(() -> isPrimary(replica));
    await()
        .ignoreExceptions()
        .untilAsserted(() -> assertThat(held()).contains(new Lookup.Hit(value(1))));

    try (TestInvalidator invalidator = startInvalidator()) {
      await().untilAsserted(() -> assertThat(held()).containsOnly(new Lookup.Miss()));
      assertThat(invalidator.metric("invalidator_rewinds_total")).isEqualTo(1);
    }
  }

  private RedisServer replicaOf(RedisServer primary) {
    CuttableReplica.allow(primary);
    return cluster.addReplica(primary);
  }

  private static boolean isPrimary(RedisServer server) {
    try (Jedis admin = new Jedis("127.0.0.1", server.port(), 10_000)) {
      return admin.info("replication").contains("role:master");
    }
  }

  private void awaitSettled(long records) {
    await().untilAsserted(() -> assertThat(topic.committed(group)).isEqualTo(records));
  }

  private void givenAll(long version) {
    for (String id : ids) {
      store.acquire("product:" + id, "given", TTL);
      store.fill("product:" + id, "given", value(version), TTL);
    }
    assertThat(held()).containsOnly(new Lookup.Hit(value(version)));
  }

  private void publishAll(long version) {
    ids.forEach(id -> topic.publish(id, version));
  }

  private List<Lookup> held() {
    return ids.stream().map(this::held).toList();
  }

  private Lookup held(String id) {
    return store.lookup("product:" + id);
  }

  private static CachedValue value(long version) {
    return new CachedValue.Present(version, ("v" + version).getBytes(UTF_8));
  }

  private TestInvalidator startInvalidator() {
    Map<String, String> environment = new HashMap<>();
    environment.put("KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrapServers());
    environment.put("KAFKA_PRODUCT_TOPIC", topic.name());
    environment.put("KAFKA_GROUP_ID", group);
    environment.put("REDIS_URL", cluster.url());
    environment.put("TIDEMARK_INVALIDATOR_ADMIN_PORT", "0");
    return new TestInvalidator(environment);
  }
}
