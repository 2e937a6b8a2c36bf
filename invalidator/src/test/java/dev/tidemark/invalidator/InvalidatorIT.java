package dev.tidemark.invalidator;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.cache.redis.RedisSettings;
import dev.tidemark.cache.store.Acquisition;
import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.cache.store.Lookup;
import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.embedded.RedisServer;
import dev.tidemark.invalidator.live.Evictor;
import java.io.IOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/// Test of the live path on real Kafka and real Redis, which are killed on the way.
class InvalidatorIT {

  private static final Duration TTL = Duration.ofMinutes(5);

  @TempDir static Path dir;
  private static KafkaServer kafka;
  private static RedisServer redis;
  private static RedisConnection connection;

  private final List<AutoCloseable> opened = new ArrayList<>();
  private final String group = "test-" + UUID.randomUUID();
  private EntryStore store;
  private TestTopic topic;

  @BeforeAll
  static void startServers() {
    Awaitility.setDefaultTimeout(Duration.ofSeconds(60));
    kafka = KafkaServer.start(dir.resolve("kafka"), 0);
    // The entries of Redis survive a kill, so that a lost eviction would show: each is in the file,
    // if not on the disk, when it is answered. With one flush per second, a write may wait for the
    // flush before it, and a kill loses it.
    redis =
        RedisServer.start(dir.resolve("redis"), 0, "--appendonly", "yes", "--appendfsync", "no");
    connection =
        RedisConnection.open(
            redis.url(), RedisSettings.defaults().withTimeout(Duration.ofSeconds(30)));
  }

  @AfterAll
  static void stopServers() {
    connection.close();
    redis.close();
    kafka.close();
  }

  @BeforeEach
  void begin() {
    store = connection.entries();
    topic = new TestTopic(kafka.bootstrapServers(), "product-" + UUID.randomUUID() + ".events");
    opened.add(topic);
  }

  @AfterEach
  void end() throws Exception {
    for (AutoCloseable each : opened.reversed()) {
      each.close();
    }
  }

  @Test
  void evictsWhatIsOlderAndKeepsTheRest_H9() throws Exception {
    topic.create(3);
    TestInvalidator invalidator = start();
    given("older", 1);
    given("equal", 2);
    given("newer", 3);
    assertThat(store.acquire("product:lease" + group, "token", TTL))
        .isEqualTo(new Acquisition.Acquired());

    for (String id : List.of("older", "equal", "newer", "lease", "nowhere")) {
      topic.publish(id + group, 2);
    }

    await().until(() -> invalidator.metric("invalidations_total") >= 5);
    assertThat(held("older")).isEqualTo(new Lookup.Miss());
    assertThat(held("equal")).isEqualTo(new Lookup.Hit(value(2)));
    assertThat(held("newer")).isEqualTo(new Lookup.Hit(value(3)));
    assertThat(held("lease")).isEqualTo(new Lookup.Filling(2));
    assertThat(invalidator.metric("invalidations_total", "result=\"evicted\"")).isEqualTo(1);
    assertThat(invalidator.metric("invalidations_total", "result=\"already_fresh\"")).isEqualTo(2);
    assertThat(invalidator.metric("invalidations_total", "result=\"floor_raised\"")).isEqualTo(1);
    assertThat(invalidator.metric("invalidations_total", "result=\"absent\"")).isEqualTo(1);
    assertThat(invalidator.metric("invalidation_commit_to_evict_seconds_count")).isEqualTo(5);
    assertThat(invalidator.metric("invalidation_commit_to_evict_seconds_bucket", "le=\"0.001\""))
        .isBetween(0.0, 5.0);
    await().until(() -> topic.committed(group) == 5);
    await().until(() -> invalidator.metric("invalidator_lag_events") == 0);
    assertThat(invalidator.isReady()).as(invalidator.readiness()).isTrue();
  }

  @Test
  void tellsHowLongItTookFromCommitToEvict() throws Exception {
    topic.create(1);
    TestInvalidator invalidator = start();
    Instant now = Instant.now();
    publishCommittedAt("slow" + group, now.minusSeconds(1));
    publishCommittedAt("future" + group, now.plusSeconds(3600));
    publishCommittedAt("antiquity" + group, Instant.parse("0001-01-01T00:00:00Z"));

    await().until(() -> invalidator.metric("invalidation_commit_to_evict_seconds_count") == 3);

    assertThat(quantile(invalidator, "0.5")).isBetween(1.0, 30.0);
    assertThat(quantile(invalidator, "0.999")).isGreaterThan(364 * 86_400.0);
    assertThat(invalidator.metric("invalidation_within_ratio", "within=\"10ms\""))
        .isEqualTo(1.0 / 3);
    assertThat(invalidator.metric("invalidation_within_ratio", "within=\"2s\""))
        .isBetween(1.0 / 3, 2.0 / 3);
    assertThat(invalidator.metric("invalidation_commits_from_the_future_total")).isEqualTo(1);
    assertThat(invalidator.hasEnded()).isFalse();
  }

  private static double quantile(TestInvalidator invalidator, String quantile) {
    return invalidator.metric(
        "invalidation_commit_to_evict_quantile_seconds", "quantile=\"" + quantile + "\"");
  }

  private void publishCommittedAt(String id, Instant time) {
    topic.publishRaw(
        id,
        Map.of("ce_type", "product.updated", "ce_aggregateversion", "2", "ce_time", "" + time),
        TestTopic.json(id, 2));
  }

  @Test
  void statusTellsAllOfIt() throws Exception {
    TestInvalidator invalidator = start();
    await().until(() -> invalidator.status().at("/reason").asText().contains("there is no topic"));
    assertThat(invalidator.status().at("/phase").asText()).isEqualTo("waiting");
    assertThat(invalidator.status().at("/ready").asBoolean()).isFalse();
    assertThat(invalidator.status().has("lagEvents")).isFalse();

    topic.create(2);
    given("older", 1);
    topic.publish("older" + group, 2);
    topic.publish("gap" + group, 1);
    topic.publish("gap" + group, 3);
    topic.publishRaw("poison" + group, Map.of("ce_type", "product.updated"), "{}");
    await().until(() -> topic.committed(group) == 4);
    await().until(() -> invalidator.status().path("lagEvents").asLong(-1) == 0);
    await().until(() -> invalidator.status().at("/ready").asBoolean());

    JsonNode status = invalidator.status();
    assertThat(status.at("/phase").asText()).isEqualTo("following");
    assertThat(status.at("/reason").asText()).isEqualTo("following");
    assertThat(status.at("/group").asText()).isEqualTo(group);
    assertThat(status.at("/topics/0").asText()).isEqualTo(topic.name());
    assertThat(status.at("/partitions")).hasSize(2);
    assertThat(status.at("/lagSeconds").asDouble(-1)).isZero();
    assertThat(status.at("/evictions/evicted").asLong()).isEqualTo(1);
    assertThat(status.at("/evictions/absent").asLong()).isBetween(3L, 4L);
    assertThat(status.at("/evictions/failed").asLong(-1)).isZero();
    assertThat(status.at("/commitToEvict/lastMinute/events").asLong()).isEqualTo(3);
    assertThat(status.at("/commitToEvict/sinceStart/events").asLong()).isEqualTo(3);
    assertThat(status.at("/commitToEvict/sinceStart/millis/0.999").asDouble()).isPositive();
    assertThat(status.at("/commitToEvict/sinceStart/within/2s").asDouble()).isBetween(0.0, 1.0);
    assertThat(status.at("/gaps").asLong()).isEqualTo(1);
    assertThat(status.at("/rewinds").asLong(-1)).isZero();
    assertThat(status.at("/deadLetters").asLong()).isEqualTo(1);
    assertThat(status.at("/redis/primaries")).hasSize(1);
  }

  @Test
  void ofManyChangesOfAKeyOnlyTheNewestIsSent() throws Exception {
    topic.create(1);
    for (int version = 1; version <= 500; version++) {
      topic.publish("hot" + group, version);
    }
    store.acquire("product:hot" + group, "token", TTL);

    TestInvalidator invalidator = start();

    await().until(() -> held("hot").equals(new Lookup.Filling(500)));
    assertThat(invalidator.metric("invalidations_total")).isLessThan(50);
    await().until(() -> invalidator.metric("invalidation_commit_to_evict_seconds_count") == 500);
  }

  @Test
  void whileRedisIsAwayThePositionStaysAndAfterwardsNothingIsLost_H36() throws Exception {
    topic.create(3);
    TestInvalidator invalidator = start();
    topic.publish("first" + group, 1);
    await().until(() -> topic.committed(group) == 1);
    for (int i = 0; i < 300; i++) {
      given("stale" + i + "-", 1);
    }

    redis.kill();
    for (int i = 0; i < 300; i++) {
      topic.publish("stale" + i + "-" + group, 2);
    }
    await().until(() -> !invalidator.isReady());
    await().until(() -> invalidator.readiness().contains("Redis gave no answer to evict"));
    // Wait for some rounds of retries.
    double failed = invalidator.metric("invalidations_total", "result=\"failed\"");
    await()
        .until(() -> invalidator.metric("invalidations_total", "result=\"failed\"") > failed + 5);
    assertThat(topic.committed(group)).isEqualTo(1);
    await().until(() -> invalidator.metric("invalidator_lag_events") == 300);
    double behind = invalidator.metric("invalidator_lag_seconds");
    await().until(() -> invalidator.metric("invalidator_lag_seconds") > behind + 1);
    assertThat(invalidator.status().at("/reason").asText()).contains("Redis gave no answer");

    restartRedis();
    await().until(() -> topic.committed(group) == 301);
    assertThat(IntStream.range(0, 300).mapToObj(i -> held("stale" + i + "-")))
        .containsOnly(new Lookup.Miss());
    await().until(invalidator::isReady);
    assertThat(invalidator.hasEnded()).isFalse();
  }

  @Test
  void whileKafkaIsAwayItWaitsAndThenGoesOn() throws Exception {
    topic.create(1);
    TestInvalidator invalidator = start();
    topic.publish("before" + group, 1);
    await().until(() -> topic.committed(group) == 1);

    kafka.kill();
    try {
      await().until(() -> invalidator.readiness().contains("Kafka does not answer"));
      assertThat(invalidator.isReady()).isFalse();
    } finally {
      kafka.restart();
    }

    given("after", 1);
    topic.publish("after" + group, 2);
    await().until(() -> held("after").equals(new Lookup.Miss()));
    await().until(invalidator::isReady);
  }

  @Test
  void aTopicThatIsNotThereYetIsWaitedFor() throws Exception {
    TestInvalidator invalidator = start();
    await()
        .until(
            () -> invalidator.readiness().contains("there is no topic " + topic.name() + " yet"));
    assertThat(invalidator.isReady()).isFalse();

    topic.create(2);
    given("early", 1);
    topic.publish("early" + group, 2);
    await().until(() -> held("early").equals(new Lookup.Miss()));
    await().until(invalidator::isReady);
  }

  @Test
  void gapIsCountedAndTheEntryEvictedByForce() throws Exception {
    topic.create(1);
    TestInvalidator invalidator = start();
    topic.publish("gap" + group, 1);
    topic.publish("whole" + group, 2);
    await().until(() -> topic.committed(group) == 2);
    given("gap", 3);
    given("whole", 3);

    topic.publish("gap" + group, 3);
    topic.publish("whole" + group, 3);
    await().until(() -> topic.committed(group) == 4);

    assertThat(held("gap")).isEqualTo(new Lookup.Miss());
    assertThat(held("whole")).isEqualTo(new Lookup.Hit(value(3)));
    assertThat(invalidator.metric("invalidation_gaps_total")).isEqualTo(1);
  }

  @Test
  void transactionMarkersLeaveNoLag() throws Exception {
    topic.create(1);
    TestInvalidator invalidator = start();
    topic.publishInTransaction("a" + group, 1);
    topic.publishInTransaction("b" + group, 1);
    await().until(() -> invalidator.metric("invalidations_total") == 2);
    await().until(() -> topic.committed(group) == 4);
    await().until(() -> invalidator.metric("invalidator_lag_events") == 0);
  }

  @Test
  void poisonEvictsWhatItCanGoesToTheDeadLettersAndStopsNothing_H34_H35() throws Exception {
    topic.create(1);
    TestInvalidator invalidator = start();
    for (String id : List.of("noversion", "badversion", "notype", "bysubject", "tombstone")) {
      given(id, 5);
    }
    // These records do not name the type of the aggregate; the topic's name does.
    String fallback = topic.name().replace(".events", "") + ":";
    givenKey(fallback + "notype" + group, 5);
    givenKey(fallback + "tombstone" + group, 5);

    topic.publishRaw("noversion" + group, Map.of("ce_type", "product.updated"), "{}");
    topic.publishRaw(
        "badversion" + group,
        Map.of("ce_type", "product.updated", "ce_aggregateversion", "9007199254740992"),
        "{}");
    topic.publishRaw("notype" + group, Map.of("ce_aggregateversion", "6"), "{}");
    topic.publishRaw(
        null,
        Map.of(
            "ce_type",
            "product.updated",
            "ce_aggregateversion",
            "6",
            "ce_subject",
            "bysubject" + group),
        "{}");
    topic.publishRaw("tombstone" + group, Map.of(), null);
    topic.publishRaw(null, Map.of(), "nothing is known");
    topic.publishRaw("", Map.of("ce_type", "\u0000", "ce_aggregateversion", "-1"), "\u0000");
    given("good", 1);
    topic.publish("good" + group, 2);

    await().until(() -> topic.committed(group) == 8);
    for (String id : List.of("good", "noversion", "badversion", "bysubject")) {
      assertThat(held(id)).as(id).isEqualTo(new Lookup.Miss());
    }
    assertThat(store.lookup(fallback + "notype" + group)).isEqualTo(new Lookup.Miss());
    assertThat(store.lookup(fallback + "tombstone" + group)).isEqualTo(new Lookup.Miss());
    await().until(() -> invalidator.metric("dead_letters_total") == 7);

    var letters = topic.deadLetters(7);
    assertThat(letters).hasSize(7);
    assertThat(letters.getFirst().key()).isEqualTo(("noversion" + group).getBytes(UTF_8));
    assertThat(letters.getFirst().value()).isEqualTo("{}".getBytes(UTF_8));
    Map<String, String> headers = new HashMap<>();
    for (Header header : letters.getFirst().headers()) {
      headers.put(header.key(), new String(header.value(), UTF_8));
    }
    assertThat(headers)
        .containsEntry("ce_type", "product.updated")
        .containsEntry("dlt-topic", topic.name())
        .containsEntry("dlt-partition", "0")
        .containsEntry("dlt-offset", "0")
        .hasEntrySatisfying(
            "dlt-reason", reason -> assertThat(reason).contains("ce_aggregateversion"));
    assertThat(letters.get(4).value()).isNull();
  }

  @Test
  void whatContradictsItselfEvictsAllThatItNamesByForceAndIsADeadLetter() throws Exception {
    topic.create(1);
    start();
    for (String id : List.of("empty", "low", "other", "another")) {
      given(id, 5);
    }
    publishContradiction("empty", "99999", "{}");
    publishContradiction("low", "1", TestTopic.json("low" + group, 7));
    publishContradiction("other", "6", TestTopic.json("another" + group, 6));

    await().until(() -> topic.committed(group) == 3);
    for (String id : List.of("empty", "low", "other", "another")) {
      assertThat(held(id)).as(id).isEqualTo(new Lookup.Miss());
    }
    assertThat(topic.deadLetters(3))
        .extracting(letter -> new String(letter.headers().lastHeader("dlt-reason").value(), UTF_8))
        .satisfiesExactly(
            reason -> assertThat(reason).contains("lacks the member id"),
            reason -> assertThat(reason).contains("version is 7", "says 1"),
            reason -> assertThat(reason).contains("another" + group));
  }

  private void publishContradiction(String id, String version, String value) {
    topic.publishRaw(
        id + group, Map.of("ce_type", "product.updated", "ce_aggregateversion", version), value);
  }

  /// A crash between the letter and the commit has the same effect.
  @Test
  void aRecordThatIsReadAgainHasOneLetterAndOneLineInTheLog() throws Exception {
    topic.create(1);
    Logger evictor = (Logger) LoggerFactory.getLogger(Evictor.class);
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    evictor.addAppender(lines);
    opened.add(() -> evictor.detachAppender(lines));
    try (TestInvalidator _ = new TestInvalidator(environment())) {
      topic.publishRaw("a" + group, Map.of(), "?");
      await().until(() -> topic.committed(group) == 1);
    }
    topic.setBack(group);
    topic.publishRaw("b" + group, Map.of(), "?");

    TestInvalidator invalidator = start();

    await().until(() -> topic.committed(group) == 2);
    assertThat(invalidator.metric("dead_letters_total")).isEqualTo(1);
    assertThat(topic.allDeadLetters()).hasSize(2);
    assertThat(lines.list)
        .extracting(ILoggingEvent::getKeyValuePairs)
        .extracting(Object::toString)
        .satisfiesExactly(
            line ->
                assertThat(line)
                    .contains(
                        "topic=\"" + topic.name(),
                        "partition=\"0",
                        "offset=\"0",
                        "key=\"a" + group,
                        "reason=\"header ce_type"),
            line -> assertThat(line).contains("offset=\"1", "key=\"b" + group));
  }

  @Test
  void aLetterThatIsTooLargeIsCutAndTellsLengthAndHash_H46() throws Exception {
    topic.create(1, Map.of("max.message.bytes", Integer.toString(8 << 20)));
    start();
    String value = "x".repeat(5 << 20);
    topic.publishCompressed("large" + group, value);
    topic.publishRaw("small" + group, Map.of(), "?");

    await().until(() -> topic.committed(group) == 2);

    var letters = topic.deadLetters(2);
    assertThat(letters).hasSize(2);
    assertThat(letters.getFirst().value().length).isBetween(4_000_000, 4 << 20);
    assertThat(header(letters.getFirst(), "dlt-value-length"))
        .isEqualTo(Integer.toString(value.length()));
    assertThat(header(letters.getFirst(), "dlt-value-sha256"))
        .isEqualTo(
            HexFormat.of()
                .formatHex(MessageDigest.getInstance("SHA-256").digest(value.getBytes(UTF_8))));
    assertThat(letters.getLast().headers().lastHeader("dlt-value-length")).isNull();
  }

  /// An administrator has created the topic of the letters, with Kafka's own limit.
  @Test
  void aLetterThatItsTopicDoesNotTakeIsCutShort_H46() throws Exception {
    topic.create(1, Map.of("max.message.bytes", Integer.toString(4 << 20)));
    try (TestTopic letters = new TestTopic(kafka.bootstrapServers(), topic.name() + ".dlt")) {
      letters.create(1, Map.of("max.message.bytes", "100000"));
    }
    start();
    topic.publishCompressed("large" + group, "x".repeat(2 << 20));

    await().until(() -> topic.committed(group) == 1);

    assertThat(header(topic.deadLetters(1).getFirst(), "dlt-value-length"))
        .isEqualTo(Integer.toString(2 << 20));
  }

  private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    return new String(record.headers().lastHeader(name).value(), UTF_8);
  }

  @Test
  void whenRedisIsAwayAtTheStartItIsWaitedFor() throws Exception {
    topic.create(1);
    given("early", 1);
    topic.publish("early" + group, 2);
    redis.kill();
    TestInvalidator invalidator = start();
    await().until(() -> invalidator.readiness().contains("does not answer"));
    assertThat(invalidator.isReady()).isFalse();
    restartRedis();
    await().until(() -> held("early").equals(new Lookup.Miss()));
    await().until(invalidator::isReady);
  }

  @Test
  void whileRedisIsAwayPoisonWaitsToo() throws Exception {
    topic.create(1);
    TestInvalidator invalidator = start();
    given("poison", 1);
    redis.kill();
    topic.publishRaw("poison" + group, Map.of("ce_type", "product.updated"), "{}");
    await().until(() -> invalidator.readiness().contains("Redis gave no answer"));
    assertThat(invalidator.metric("dead_letters_total")).isZero();
    restartRedis();
    await().until(() -> topic.committed(group) == 1);
    assertThat(held("poison")).isEqualTo(new Lookup.Miss());
    assertThat(topic.deadLetters(1)).hasSize(1);
  }

  @Test
  void twoInstancesShareThePartitionsAndLoseNothingWhenOneGoes_H38() throws Exception {
    topic.create(6);
    TestInvalidator first = start();
    publishRound(0);
    TestInvalidator second = start();
    await()
        .until(
            () -> {
              publishRound(1);
              return second.metric("invalidations_total") > 0
                  && first.metric("invalidations_total") > 0;
            });
    publishRound(2);
    first.close();
    publishRound(3);
    await()
        .untilAsserted(
            () ->
                assertThat(IntStream.range(0, 60).mapToObj(i -> held("shared" + i + "-")))
                    .containsOnly(new Lookup.Miss()));
    await().until(() -> second.metric("invalidator_lag_events") == 0);
    assertThat(second.hasEnded()).isFalse();
  }

  @Test
  void aKilledProcessResumesWhereItCommitted() throws Exception {
    topic.create(3);
    Process process = startProcess();
    opened.add(process::destroyForcibly);
    given("one", 1);
    topic.publish("one" + group, 2);
    await().until(() -> topic.committed(group) == 1);

    process.destroyForcibly().waitFor();
    for (int i = 0; i < 50; i++) {
      given("missed" + i + "-", 1);
      topic.publish("missed" + i + "-" + group, 2);
    }

    TestInvalidator successor = start();
    await()
        .untilAsserted(
            () ->
                assertThat(IntStream.range(0, 50).mapToObj(i -> held("missed" + i + "-")))
                    .containsOnly(new Lookup.Miss()));
    await().until(() -> topic.committed(group) == 51);
    assertThat(successor.metric("invalidations_total")).isBetween(50.0, 51.0);
  }

  @Test
  void aSignalDrainsAndEndsWithZero() throws Exception {
    topic.create(1);
    Process process = startProcess();
    opened.add(process::destroyForcibly);
    topic.publish("one" + group, 2);
    await().until(() -> topic.committed(group) == 1);
    process.destroy();
    assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isZero();

    // It left the group, so the next one has the partitions at once.
    TestInvalidator successor = start();
    topic.publish("two" + group, 2);
    await().atMost(Duration.ofSeconds(5)).until(() -> topic.committed(group) == 2);
    assertThat(successor.metric("invalidations_total")).isEqualTo(1);
  }

  @Test
  void aWrongSettingEndsWithTwo() throws Exception {
    Process process = process(Map.of("TIDEMARK_INVALIDATOR_ADMIN_PORT", "x"));
    opened.add(process::destroyForcibly);
    assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(2);
    assertThat(new String(process.getInputStream().readAllBytes(), UTF_8))
        .contains("TIDEMARK_INVALIDATOR_ADMIN_PORT");
  }

  private void publishRound(int round) {
    for (int i = 0; i < 60; i++) {
      String id = "shared" + i + "-";
      store.evictByForce("product:" + id + group);
      given(id, 2 * round + 1);
      topic.publish(id + group, 2 * round + 2);
    }
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

  private TestInvalidator start() {
    TestInvalidator invalidator = new TestInvalidator(environment());
    opened.add(invalidator);
    return invalidator;
  }

  private Process startProcess() throws IOException {
    return process(environment());
  }

  private static Process process(Map<String, String> environment) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName())
            .redirectErrorStream(true);
    builder.environment().putAll(environment);
    return builder.start();
  }

  private Map<String, String> environment() {
    return Map.of(
        "KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrapServers(),
        "KAFKA_PRODUCT_TOPIC", topic.name(),
        "KAFKA_GROUP_ID", group,
        "REDIS_URL", redis.url(),
        "TIDEMARK_INVALIDATOR_ADMIN_PORT", "0");
  }

  private Lookup held(String id) {
    return store.lookup("product:" + id + group);
  }

  private void given(String id, long version) {
    givenKey("product:" + id + group, version);
  }

  private void givenKey(String key, long version) {
    store.acquire(key, "given", TTL);
    store.fill(key, "given", value(version), TTL);
    assertThat(store.lookup(key)).isEqualTo(new Lookup.Hit(value(version)));
  }

  private static CachedValue value(long version) {
    return new CachedValue.Present(version, ("v" + version).getBytes(UTF_8));
  }
}
