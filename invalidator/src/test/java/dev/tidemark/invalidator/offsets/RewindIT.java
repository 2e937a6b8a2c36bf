package dev.tidemark.invalidator.offsets;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.cache.redis.RedisSettings;
import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.cache.store.Lookup;
import dev.tidemark.embedded.CuttableRoute;
import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.embedded.Ports;
import dev.tidemark.embedded.RedisReplication;
import dev.tidemark.embedded.RedisServer;
import dev.tidemark.invalidator.SharedKafka;
import dev.tidemark.invalidator.TestInvalidator;
import dev.tidemark.invalidator.TestTopic;
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

/// A Redis that has lost the last evictions, by a failover or by a restart from a snapshot: they
/// are applied again automatically. Each test first shows the loss.
@ExtendWith(SharedKafka.class)
class RewindIT {

  private static final Duration TTL = Duration.ofMinutes(5);
  private static final int KEYS = 50;

  private static KafkaServer kafka;

  @TempDir Path dir;
  private final String group = "rewind-" + UUID.randomUUID();
  private RedisServer primary;
  private RedisServer replica;
  private CuttableRoute address;
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
    replica = RedisReplication.startReplica(dir.resolve("replica"), primary);
    address = CuttableRoute.to(primary.port());
    connection =
        RedisConnection.open(
            address.through(primary.url()),
            RedisSettings.defaults().withTimeout(Duration.ofSeconds(2)));
    store = connection.entries();
    try (Jedis admin = admin(replica)) {
      await().until(() -> admin.info("replication").contains("master_link_status:up"));
    }
    topic = new TestTopic(kafka.bootstrapServers(), "product-" + UUID.randomUUID() + ".events");
    topic.create(3);
  }

  @AfterEach
  void stop() throws Exception {
    topic.close();
    connection.close();
    address.close();
    replica.close();
    primary.close();
  }

  @Test
  void evictionsThatAFailoverLostAreAppliedAgain_H4() throws Exception {
    givenAll(1);
    try (TestInvalidator invalidator = startInvalidator()) {
      cutReplicaOff();
      publishAll(2);
      awaitApplied(KEYS);
      assertThat(held()).containsOnly(new Lookup.Miss());

      failOver();

      await().until(() -> invalidator.metric("invalidator_rewinds_total") == 1);
      await().untilAsserted(() -> assertThat(held()).containsOnly(new Lookup.Miss()));
      await().until(() -> invalidator.metric("invalidator_lag_events") == 0);
      assertThat(invalidator.metric("invalidations_total")).isGreaterThanOrEqualTo(2 * KEYS);
      assertThat(invalidator.metric("invalidation_commit_to_evict_seconds_count"))
          .as("how long it took is told once of each change")
          .isEqualTo(KEYS);
    }
  }

  /// This is the hazard itself, because nobody repairs; and the committed metadata informs the next
  /// invalidator.
  @Test
  void evictionsThatAFailoverLostWhileNoInvalidatorRanAreAppliedAgain_H4() throws Exception {
    givenAll(1);
    try (TestInvalidator _ = startInvalidator()) {
      cutReplicaOff();
      publishAll(2);
      awaitApplied(KEYS);
    }
    failOver();
    assertThat(held()).as("the hazard itself").containsOnly(new Lookup.Hit(value(1)));

    try (TestInvalidator invalidator = startInvalidator()) {
      await().untilAsserted(() -> assertThat(held()).containsOnly(new Lookup.Miss()));
      assertThat(invalidator.metric("invalidator_rewinds_total")).isEqualTo(1);
    }
  }

  @Test
  void evictionsThatARestartFromASnapshotLostAreAppliedAgain_H5() throws Exception {
    givenAll(1);
    try (TestInvalidator invalidator = startInvalidator()) {
      try (Jedis admin = admin(primary)) {
        admin.save();
      }
      publishAll(2);
      awaitApplied(KEYS);

      primary.kill();
      primary.restart();

      await().until(() -> invalidator.metric("invalidator_rewinds_total") >= 1);
      await().untilAsserted(() -> assertThat(held()).containsOnly(new Lookup.Miss()));
    }
  }

  /// Redis is away for longer than the window: the window counts from when the earlier primary was
  /// last seen.
  @Test
  void longOutageBeforeTheFailoverDoesNotUseUpTheWindow_H4() throws Exception {
    givenAll(1);
    try (TestInvalidator invalidator =
        startInvalidator("TIDEMARK_INVALIDATOR_REWIND_SECONDS", "3")) {
      cutReplicaOff();
      publishAll(2);
      awaitApplied(KEYS);
      primary.kill();
      long since = System.nanoTime();
      topic.publish("more" + group, 1);
      await().until(() -> System.nanoTime() - since > Duration.ofSeconds(6).toNanos());
      promoteReplica();

      await().until(() -> invalidator.metric("invalidator_rewinds_total") == 1);
      await().untilAsserted(() -> assertThat(held()).containsOnly(new Lookup.Miss()));
    }
  }

  @Test
  void restartOfTheInvalidatorAloneRewindsNothing() throws Exception {
    givenAll(1);
    try (TestInvalidator _ = startInvalidator()) {
      publishAll(2);
      awaitApplied(KEYS);
    }
    try (TestInvalidator invalidator = startInvalidator()) {
      topic.publish("more" + group, 1);
      awaitApplied(KEYS + 1);
      assertThat(invalidator.metric("invalidator_rewinds_total")).isZero();
      assertThat(invalidator.metric("invalidations_total")).isEqualTo(1);
    }
  }

  /// A topic without new events: a Redis that is replaced loses nothing.
  @Test
  void whatIsCommittedOfAnIdlePartitionIsKeptCurrent() throws Exception {
    try (TestInvalidator _ = startInvalidator("TIDEMARK_INVALIDATOR_REWIND_SECONDS", "2")) {
      publishAll(2);
      topic.publishRaw("poison" + group, Map.of(), "?");
      awaitApplied(KEYS + 1);
      await()
          .untilAsserted(
              () ->
                  assertThat(topic.committedWords(group))
                      .isNotEmpty()
                      .allSatisfy(
                          committed ->
                              assertThat(
                                      CommitMetadata.parse(committed.metadata())
                                          .orElseThrow()
                                          .floor())
                                  .as("what may be lost begins where all is applied")
                                  .isEqualTo(committed.offset())));
    }
  }

  /// All of it is applied again, and the letter is there already.
  @Test
  void aRewindSendsNoLetterAgain() throws Exception {
    givenAll(1);
    try (TestInvalidator invalidator = startInvalidator()) {
      cutReplicaOff();
      topic.publishRaw("poison" + group, Map.of(), "?");
      publishAll(2);
      awaitApplied(KEYS + 1);

      failOver();

      await().until(() -> invalidator.metric("invalidator_rewinds_total") == 1);
      await().untilAsserted(() -> assertThat(held()).containsOnly(new Lookup.Miss()));
      topic.publish("more" + group, 1);
      awaitApplied(KEYS + 2);
      assertThat(invalidator.metric("dead_letters_total")).isEqualTo(1);
    }
    assertThat(topic.allDeadLetters()).hasSize(1);
  }

  private void cutReplicaOff() {
    RedisReplication.awaitReplica(primary);
    try (Jedis second = admin(replica)) {
      second.replicaof("127.0.0.1", Ports.free());
    }
  }

  private void failOver() {
    primary.kill();
    promoteReplica();
  }

  private void promoteReplica() {
    try (Jedis second = admin(replica)) {
      second.replicaofNoOne();
    }
    address.leadTo(replica.port());
    // A pooled connection notices at its first use that its server is gone.
    await()
        .ignoreExceptions()
        .until(
            () -> {
              connection.ping();
              return true;
            });
  }

  private void awaitApplied(int records) {
    await().until(() -> topic.committed(group) == records);
  }

  private void givenAll(long version) {
    for (String key : keys()) {
      store.acquire(key, "given", TTL);
      store.fill(key, "given", value(version), TTL);
    }
    assertThat(held()).containsOnly(new Lookup.Hit(value(version)));
  }

  private void publishAll(long version) throws Exception {
    for (int i = 0; i < KEYS; i++) {
      topic.publish(i + group, version);
    }
  }

  private List<Lookup> held() {
    return keys().stream().map(store::lookup).toList();
  }

  private List<String> keys() {
    return IntStream.range(0, KEYS).mapToObj(i -> "product:" + i + group).toList();
  }

  private TestInvalidator startInvalidator(String... more) {
    Map<String, String> environment = new HashMap<>();
    environment.put("KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrapServers());
    environment.put("KAFKA_PRODUCT_TOPIC", topic.name());
    environment.put("KAFKA_GROUP_ID", group);
    environment.put("REDIS_URL", connection.toString());
    environment.put("TIDEMARK_INVALIDATOR_ADMIN_PORT", "0");
    for (int i = 0; i < more.length; i += 2) {
      environment.put(more[i], more[i + 1]);
    }
    return new TestInvalidator(environment);
  }

  private static CachedValue value(long version) {
    return new CachedValue.Present(version, ("v" + version).getBytes(UTF_8));
  }

  private static Jedis admin(RedisServer server) {
    return new Jedis("127.0.0.1", server.port(), 10_000);
  }
}
