package dev.tidemark.operator;

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
import dev.tidemark.embedded.RedisServer;
import dev.tidemark.invalidator.SharedKafka;
import dev.tidemark.invalidator.TestInvalidator;
import dev.tidemark.invalidator.TestTopic;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// A second, empty Redis is filled while writes go on, according to docs/operations.md.
@ExtendWith(SharedKafka.class)
class SecondRedisIT {

  private static final int KEYS = 400;
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final RedisSettings PATIENT =
      RedisSettings.defaults().withTimeout(Duration.ofSeconds(5));

  @TempDir static Path dir;
  private static KafkaServer kafka;

  private final long[] versions = new long[KEYS];
  private final AtomicBoolean written = new AtomicBoolean();
  private TestTopic topic;

  @BeforeAll
  static void startServers(KafkaServer shared) {
    kafka = shared;
  }

  @BeforeEach
  void begin() throws Exception {
    topic =
        new TestTopic(kafka.bootstrapServers(), "product-" + UUID.randomUUID() + ".events")
            .create(3);
    for (int i = 0; i < KEYS; i++) {
      topic.send("k" + i, ++versions[i]);
    }
    topic.flush();
  }

  @AfterEach
  void end() {
    topic.close();
  }

  @Test
  void whileWritesGoOnEachKeyOfTheSecondRedisIsAtItsNewestVersionOrAbsent_H42() throws Exception {
    try (RedisServer green = RedisServer.start(dir.resolve("green"), 0)) {
      fillWhileWritesGoOn(green.url());
    }
  }

  @Test
  void theSecondMayBeACluster_H37_H43() throws Exception {
    try (RedisCluster green =
        RedisCluster.start(dir.resolve("cluster"), 3, Duration.ofSeconds(15))) {
      fillWhileWritesGoOn(green.url());
    }
  }

  private void fillWhileWritesGoOn(String url) throws Exception {
    String group = "green-" + UUID.randomUUID();
    Map<String, String> environment =
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
            "0");
    long seed = System.nanoTime();
    try (TestInvalidator invalidator = new TestInvalidator(environment);
        RedisConnection connection = RedisConnection.open(url, PATIENT)) {
      await("the second invalidator follows")
          .atMost(SOON)
          .until(() -> topic.committed(group) == KEYS && invalidator.isReady());
      CompletableFuture<Void> writer = CompletableFuture.runAsync(() -> write(seed));

      CommandOutcome outcome =
          CommandOutcome.of(environment, "rebuild", "--rate", "400/s", "--json");

      written.set(true);
      writer.join();
      assertThat(outcome.code()).as(outcome.err()).isZero();
      long all = 0;
      for (long version : versions) {
        all += version;
      }
      long records = all;
      await("what was written is applied")
          .atMost(SOON)
          .until(() -> topic.committed(group) == records);
      check(connection.entries(), seed);
    }
  }

  private void write(long seed) {
    Random random = new Random(seed);
    while (!written.get()) {
      // Some keys are never written, and some often.
      int i = random.nextInt(1 + random.nextInt(KEYS / 2));
      topic.publish("k" + i, ++versions[i]);
    }
  }

  private void check(EntryStore entries, long seed) {
    int hits = 0;
    for (int i = 0; i < KEYS; i++) {
      Lookup found = entries.lookup("product:k" + i);
      if (!found.equals(new Lookup.Miss())) {
        hits++;
        assertThat(found)
            .as("k%d, seed %d", i, seed)
            .isEqualTo(new Lookup.Hit(value(i, versions[i])));
      }
    }
    assertThat(hits).as("those that were not written to are there").isGreaterThan(KEYS / 2 - 1);
  }

  private static CachedValue value(int i, long version) {
    return new CachedValue.Present(
        version, "{\"id\":\"k%d\",\"version\":%d}".formatted(i, version).getBytes(UTF_8));
  }
}
