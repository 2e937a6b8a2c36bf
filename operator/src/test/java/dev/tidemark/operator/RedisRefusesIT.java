package dev.tidemark.operator;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.embedded.RedisServer;
import dev.tidemark.invalidator.SharedKafka;
import dev.tidemark.invalidator.TestInvalidator;
import dev.tidemark.invalidator.TestTopic;
import dev.tidemark.invalidator.settings.ReadinessReason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Jedis;

/// A Redis that answers reads, and refuses writes or scripts: the invalidator reports it before any
/// event comes, and evicts the waiting keys when it is repaired.
@ExtendWith(SharedKafka.class)
class RedisRefusesIT {

  private static KafkaServer kafka;

  @TempDir Path dir;
  private final String group = "refuses-" + UUID.randomUUID();
  private final Map<String, String> environment = new HashMap<>();
  private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
  private RedisServer redis;
  private Jedis admin;
  private TestTopic topic;

  /// Kind of refusal, with the word by which it is reported and its repair.
  enum Refusal {
    /// The last snapshot failed.
    SNAPSHOT("MISCONF") {
      @Override
      void begin(Jedis admin) throws IOException {
        // A directory has the name of the snapshot.
        Path snapshot =
            Path.of(
                admin.configGet("dir").get("dir"), admin.configGet("dbfilename").get("dbfilename"));
        Files.createDirectories(snapshot.resolve("not-a-file"));
        admin.configSet("save", "3600 1000000");
        admin.bgsave();
        await().until(() -> admin.info("persistence").contains("rdb_last_bgsave_status:err"));
      }

      @Override
      void end(Jedis admin) {
        admin.configSet("save", "");
      }
    },
    REPLICAS("NOREPLICAS") {
      @Override
      void begin(Jedis admin) {
        admin.configSet("min-replicas-to-write", "1");
      }

      @Override
      void end(Jedis admin) {
        admin.configSet("min-replicas-to-write", "0");
      }
    },
    SCRIPTS("NOPERM") {
      @Override
      void begin(Jedis admin) {
        admin.aclSetUser("tidemark", "-eval", "-evalsha");
      }
    },
    KEYS("NOPERM") {
      @Override
      void begin(Jedis admin) {
        admin.aclSetUser("tidemark", "resetkeys", "~cache:*");
      }
    };

    private final String word;

    Refusal(String word) {
      this.word = word;
    }

    abstract void begin(Jedis admin) throws IOException;

    void end(Jedis admin) {
      admin.aclSetUser("tidemark", "~*", "+@all");
    }
  }

  @BeforeAll
  static void startKafka(KafkaServer shared) {
    Awaitility.setDefaultTimeout(60, TimeUnit.SECONDS);
    kafka = shared;
  }

  @BeforeEach
  void begin() throws Exception {
    topic = new TestTopic(kafka.bootstrapServers(), "product-" + UUID.randomUUID() + ".events");
    topic.create(1);
    lines.start();
    ((Logger) LoggerFactory.getLogger(ReadinessReason.class)).addAppender(lines);
  }

  @AfterEach
  void end() throws Exception {
    ((Logger) LoggerFactory.getLogger(ReadinessReason.class)).detachAppender(lines);
    topic.close();
    admin.close();
    redis.close();
  }

  private void startRedis(String... arguments) {
    redis = RedisServer.start(dir.resolve("redis"), 0, arguments);
    admin = new Jedis("127.0.0.1", redis.port());
    admin.aclSetUser("tidemark", "on", ">secret", "~*", "+@all");
    environment.put("KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrapServers());
    environment.put("KAFKA_PRODUCT_TOPIC", topic.name());
    environment.put("KAFKA_GROUP_ID", group);
    environment.put("REDIS_URL", redis.url().replace("redis://", "redis://tidemark:secret@"));
    environment.put("TIDEMARK_INVALIDATOR_ADMIN_PORT", "0");
  }

  @ParameterizedTest
  @EnumSource
  void whatRefusesEvictionsIsToldBeforeAnyComes_H60(Refusal refusal) throws Exception {
    startRedis();
    admin.set(key().getBytes(UTF_8), "V1\n{}".getBytes(UTF_8));
    try (TestInvalidator invalidator = new TestInvalidator(environment)) {
      await().until(invalidator::isReady);

      refusal.begin(admin);

      awaitRefused(invalidator, refusal.word);
      assertThat(status(invalidator))
          .containsPattern("invalidator +RED, redis: .*" + refusal.word + ".*Redis 7.0 or newer")
          .containsPattern("redis +(RED|YELLOW), .*" + refusal.word);
      assertThat(lines.list)
          .filteredOn(line -> line.toString().contains("dependency unavailable"))
          .singleElement()
          .extracting(line -> line.getKeyValuePairs().toString())
          .asString()
          .contains(refusal.word, "+evalsha");

      topic.publish("a" + group, 2);
      await().until(() -> invalidator.status().at("/waitingFor").has("evictions"));
      refusal.end(admin);

      await().until(() -> !admin.exists(key()));
      await().until(invalidator::isReady);
      assertThat(topic.committed(group)).isLessThanOrEqualTo(1);
    }
  }

  /// A Redis without scripts, like one before version 7, which knows none of these.
  @Test
  void oneWithoutScriptsIsToldFromTheStart_H60() {
    startRedis("--rename-command", "evalsha", "", "--rename-command", "eval", "");
    try (TestInvalidator invalidator = new TestInvalidator(environment)) {
      awaitRefused(invalidator, "unknown command");
      assertThat(status(invalidator)).containsPattern("redis +RED, .*unknown command.*entries");
    }
  }

  private static void awaitRefused(TestInvalidator invalidator, String word) {
    await()
        .untilAsserted(
            () ->
                assertThat(invalidator.status().at("/waitingFor/redis").asText())
                    .contains(word, "Redis 7.0 or newer", "+evalsha"));
    assertThat(invalidator.isReady()).isFalse();
    assertThat(invalidator.readiness()).contains(word);
  }

  private String status(TestInvalidator invalidator) {
    environment.put("INVALIDATOR_ADMIN_URL", invalidator.url());
    CommandOutcome status = CommandOutcome.of(environment, "status", "--timeout", "20s");
    assertThat(status.code()).isEqualTo(1);
    return status.out();
  }

  private String key() {
    return "product:a" + group;
  }
}
