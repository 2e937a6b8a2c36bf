package dev.tidemark.invalidator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.cache.redis.RedisSettings;
import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.embedded.RedisServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Three invalidators share the partitions, and each is stopped and started again during continuous
/// writes.
class RollingRestartIT {

  private static final int INSTANCES = 3;
  private static final int ROUNDS = 2;
  private static final int PARTITIONS = 6;
  private static final int KEYS = 100;

  @TempDir Path dir;

  @Test
  void rollingRestartUnderWritesLosesNothing_H38() throws Exception {
    Awaitility.setDefaultTimeout(Duration.ofSeconds(60));
    String group = "rolling-" + UUID.randomUUID();
    try (KafkaServer kafka = KafkaServer.start(dir.resolve("kafka"), 0);
        RedisServer redis = RedisServer.start(dir.resolve("redis"), 0);
        RedisConnection connection = RedisConnection.open(redis.url(), RedisSettings.defaults());
        TestTopic topic =
            new TestTopic(kafka.bootstrapServers(), "product.events").create(PARTITIONS)) {
      Map<String, String> environment =
          Map.of(
              "KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrapServers(),
              "KAFKA_PRODUCT_TOPIC", topic.name(),
              "KAFKA_GROUP_ID", group,
              "REDIS_URL", redis.url(),
              "TIDEMARK_INVALIDATOR_ADMIN_PORT", "0");
      List<TestInvalidator> running = new ArrayList<>();
      List<String> ids = IntStream.range(0, KEYS).mapToObj(i -> "rolling" + i).toList();
      try (Churn churn = new Churn(connection.entries(), topic, ids)) {
        for (int i = 0; i < INSTANCES; i++) {
          running.add(new TestInvalidator(environment));
        }
        awaitShared(running);
        for (int i = 0; i < ROUNDS * INSTANCES; i++) {
          running.removeFirst().close();
          running.add(new TestInvalidator(environment));
          awaitShared(running);
        }
        long changes = churn.end();
        await().untilAsserted(() -> assertThat(topic.committed(group)).isEqualTo(changes));

        assertThat(churn.stale()).isEmpty();
        assertThat(churn.fills()).isGreaterThan(KEYS);
        assertThat(running).noneMatch(TestInvalidator::hasEnded);
        assertThat(running).allMatch(each -> each.metric("invalidation_gaps_total") == 0);
      } finally {
        running.forEach(TestInvalidator::close);
      }
    }
  }

  /// Waits until each has a part of the partitions, and works on it.
  private static void awaitShared(List<TestInvalidator> running) {
    await()
        .until(
            () ->
                running.stream().mapToInt(each -> each.status().path("partitions").size()).sum()
                        == PARTITIONS
                    && running.stream().allMatch(each -> each.metric("invalidations_total") > 0));
  }
}
