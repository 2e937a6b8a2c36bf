package dev.tidemark.invalidator;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.embedded.RedisServer;
import dev.tidemark.invalidator.events.KafkaGroupConsumers;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Jedis;

/// Test of the invalidator on a broker without the group protocol of Kafka 4, and with settings
/// that only the classic protocol knows.
class ClassicGroupIT {

  private static final String SESSION = "KAFKA_CLIENT_SESSION_TIMEOUT_MS";

  @TempDir Path dir;
  private final String group = "classic-" + UUID.randomUUID();
  private final Map<String, String> environment = new HashMap<>();
  private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
  private RedisServer redis;
  private KafkaServer kafka;
  private TestTopic topic;
  private long version = 2;

  @BeforeEach
  void begin() {
    Awaitility.setDefaultTimeout(60, TimeUnit.SECONDS);
    redis = RedisServer.start(dir.resolve("redis"), 0);
    lines.start();
    logger().addAppender(lines);
  }

  @AfterEach
  void end() {
    logger().detachAppender(lines);
    topic.close();
    kafka.close();
    redis.close();
  }

  private static Logger logger() {
    return (Logger) LoggerFactory.getLogger(KafkaGroupConsumers.class);
  }

  private void startKafka(String protocols) throws Exception {
    kafka =
        KafkaServer.start(
            dir.resolve("kafka"), 0, Map.of("group.coordinator.rebalance.protocols", protocols));
    topic = new TestTopic(kafka.bootstrapServers(), "product.events").create(2);
    environment.put("KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrapServers());
    environment.put("KAFKA_GROUP_ID", group);
    environment.put("REDIS_URL", redis.url());
    environment.put("TIDEMARK_INVALIDATOR_ADMIN_PORT", "0");
    environment.put("TIDEMARK_INVALIDATOR_AUDIT", "full");
    environment.put(SESSION, "6000");
  }

  @Test
  void whereTheBrokerLacksTheNewProtocolTheClassicOneIsUsed() throws Exception {
    startKafka("classic");
    try (TestInvalidator invalidator = new TestInvalidator(environment)) {
      assertEvicts(invalidator);
      assertAudits(invalidator);
      // This is the second member of the live path's group: partitions are handed over.
      try (TestInvalidator other = new TestInvalidator(environment)) {
        await().until(() -> other.status().path("partitions").size() == 1);
        await().until(() -> invalidator.status().path("partitions").size() == 1);
        assertEvicts(other);
      }
    }
    assertThat(told()).contains("the broker lacks the group protocol of Kafka 4");
  }

  @Test
  void aSettingOfTheClassicProtocolIsLeftOutOfTheNewOneAndTold() throws Exception {
    startKafka("classic,consumer");
    try (TestInvalidator invalidator = new TestInvalidator(environment)) {
      assertEvicts(invalidator);
      assertAudits(invalidator);
    }
    assertThat(told()).contains(SESSION, "has no effect").doesNotContain("lacks");
  }

  @Test
  void theClassicProtocolCanBeAskedFor() throws Exception {
    startKafka("classic,consumer");
    environment.put("KAFKA_CLIENT_GROUP_PROTOCOL", "classic");
    try (TestInvalidator invalidator = new TestInvalidator(environment)) {
      assertEvicts(invalidator);
    }
    assertThat(told()).isEqualTo("[]");
  }

  private String told() {
    return List.copyOf(lines.list).stream()
        .map(line -> line.getKeyValuePairs() + " " + line.getFormattedMessage())
        .toList()
        .toString();
  }

  private void assertEvicts(TestInvalidator invalidator) throws Exception {
    try (Jedis client = new Jedis("127.0.0.1", redis.port())) {
      for (int i = 0; i < 10; i++) {
        client.set(("product:a" + i).getBytes(UTF_8), "V1\n{}".getBytes(UTF_8));
        topic.publish("a" + i, version);
      }
      version++;
      await().until(() -> client.keys("product:a*").isEmpty());
    }
    await().until(invalidator::isReady);
  }

  private void assertAudits(TestInvalidator invalidator) {
    await()
        .until(
            () -> {
              topic.publish("b", ++version);
              return invalidator.metric("audit_checks_total", "result=\"consistent\"") > 0;
            });
  }
}
