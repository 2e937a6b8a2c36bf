package dev.tidemark.operator;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.tidemark.embedded.CertificateAuthority;
import dev.tidemark.embedded.CertificateAuthority.Issued;
import dev.tidemark.embedded.KafkaListener;
import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.embedded.Ports;
import dev.tidemark.embedded.RedisServer;
import dev.tidemark.embedded.ServerTls;
import dev.tidemark.invalidator.TestInvalidator;
import dev.tidemark.invalidator.TestProducts;
import dev.tidemark.invalidator.TestTopic;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;

/// The invalidator and the operators' commands with every connection by TLS, a user of Redis that
/// may do what docs/operations.md grants and no more, a password for Kafka, and the role
/// `tidemark_audit`.
class SecurityIT {

  private static final String PASSWORD = "choose-one";

  @TempDir static Path dir;
  private static CertificateAuthority authority;
  private static CertificateAuthority stranger;
  private static Issued kafkaCertificate;
  private static KafkaListener kafkaByTls;
  private static KafkaListener kafkaByPassword;
  private static KafkaServer kafka;
  private static RedisServer redis;
  private static String redisUrl;
  private static TestProducts products;
  private static Jedis admin;

  private final String group = "secure-" + UUID.randomUUID();
  private TestTopic topic;
  private long version;

  @BeforeAll
  static void startServers() throws Exception {
    Awaitility.setDefaultTimeout(Duration.ofSeconds(60));
    authority = CertificateAuthority.in(dir.resolve("authority"));
    stranger = CertificateAuthority.in(dir.resolve("stranger"));
    Issued server = authority.issue("server");
    kafkaCertificate = authority.issue("kafka");
    kafkaByTls = KafkaListener.tls(authority, kafkaCertificate);
    kafkaByPassword = KafkaListener.password(authority, kafkaCertificate, "tidemark", PASSWORD);
    kafka =
        KafkaServer.start(
            dir.resolve("kafka"), 0, KafkaListener.settings(kafkaByTls, kafkaByPassword));
    int redisPort = Ports.free();
    redis =
        RedisServer.start(
            dir.resolve("redis"),
            0,
            ServerTls.redisArguments(redisPort, authority, server).toArray(String[]::new));
    redisUrl = "rediss://USER:%s@localhost:%d?sslrootcert=".formatted(PASSWORD, redisPort);
    products = TestProducts.start(dir.resolve("postgres"));
    ServerTls.restart(products.server(), server);
    admin = new Jedis("127.0.0.1", redis.port());
    makeUsersOfTheDocumentation();
  }

  private static void makeUsersOfTheDocumentation() throws Exception {
    Matcher command =
        Pattern.compile("ACL SETUSER (tidemark_invalidator|tidemark_operator) (.*)")
            .matcher(Files.readString(Path.of("../docs/operations.md")));
    while (command.find()) {
      admin.aclSetUser(command.group(1), command.group(2).strip().split(" ", -1));
    }
  }

  @AfterAll
  static void stopServers() {
    admin.close();
    products.close();
    redis.close();
    kafka.close();
  }

  @BeforeEach
  void begin() throws Exception {
    admin.flushAll();
    topic = new TestTopic(kafka.bootstrapServers(), "events-" + UUID.randomUUID());
    topic.create(1);
  }

  @AfterEach
  void end() {
    topic.close();
  }

  @Test
  void eventsEvictAndTheAuditLooksOn() throws Exception {
    plant("a", 1);
    try (TestInvalidator invalidator =
        new TestInvalidator(environment(byTls(), "TIDEMARK_INVALIDATOR_AUDIT", "full"))) {
      topic.publish(id("a"), 2);
      await().until(() -> !admin.exists("product:" + id("a")));
      await().until(() -> topic.committed(group) == 1);
      await()
          .untilAsserted(() -> assertThat(invalidator.readiness()).contains("\"status\":\"UP\""));
      // The audit uses its own connection, two seconds after a commit that it knows.
      await()
          .until(
              () -> {
                topic.publish(id("b"), ++version);
                return invalidator.metric(
                        "audit_checks_total", "within=\"2s\"", "result=\"consistent\"")
                    > 0;
              });
      assertThat(invalidator.metric("audit_checks_total", "result=\"unknown\"")).isZero();
    }
    assertThat(admin.aclLog()).as("what was refused").isEmpty();
  }

  @Test
  void aRestartOfRedisIsNoticedAndRepaired_H5() throws Exception {
    try (TestInvalidator invalidator = new TestInvalidator(environment(byTls()))) {
      topic.publish(id("a"), 2);
      await().until(() -> topic.committed(group) == 1);
      redis.restart();
      admin.close();
      admin = new Jedis("127.0.0.1", redis.port());
      makeUsersOfTheDocumentation();
      plant("a", 1);
      await().until(() -> invalidator.metric("invalidator_rewinds_total") == 1);
      await().until(() -> !admin.exists("product:" + id("a")));
    }
  }

  @Test
  void theCommandsWork() throws Exception {
    products.bringTo(id("a"), 2);
    topic.publish(id("a"), 2);
    Map<String, String> environment = environment(byPassword());
    environment.put("REDIS_URL", redisUrl("tidemark_operator", authority));

    plant("a", 1);
    assertDone(CommandOutcome.of(environment, "replay", "--from", "beginning"));
    assertThat(admin.exists("product:" + id("a"))).as("after replay").isFalse();

    assertDone(CommandOutcome.of(environment, "rebuild"));
    assertThat(admin.get("product:" + id("a"))).startsWith("V2\n");
    String other = environment.remove("REDIS_URL");
    environment.put("REDIS_URL", "redis://localhost:1");
    environment.put("GREEN", other);
    admin.flushAll();
    assertDone(CommandOutcome.of(environment, "rebuild", "--into", "env:GREEN"));
    assertThat(admin.get("product:" + id("a"))).startsWith("V2\n");
    environment.put("REDIS_URL", other);

    plant("a", 1);
    CommandOutcome audit =
        CommandOutcome.of(environment, "audit", "--all", "--repair", "--grace", "1s");
    assertDone(audit);
    assertThat(audit.out()).contains("1 stale");
    assertThat(audit.err()).doesNotContain("not left in Redis");
    assertThat(admin.exists("product:" + id("a"))).as("after the audit").isFalse();
    assertDone(CommandOutcome.of(environment, "audit"));

    CommandOutcome status = CommandOutcome.of(environment, "status");
    assertThat(status.out())
        .contains("kafka        well", "redis        well")
        .containsPattern("audit +.*[0-9]")
        .doesNotContain(PASSWORD);
    assertThat(admin.aclLog()).as("what was refused").isEmpty();
  }

  private static void assertDone(CommandOutcome outcome) {
    assertThat(outcome.code()).as(outcome.toString()).isZero();
    assertThat(outcome.toString()).doesNotContain(PASSWORD);
  }

  @ParameterizedTest
  @ValueSource(strings = {"tidemark_invalidator", "tidemark_operator"})
  void everythingElseIsRefused(String name) {
    List<Consumer<Jedis>> refused =
        List.of(
            client -> client.get("other:key"),
            client -> client.set("other:key", "x"),
            client -> client.eval("return redis.call('DEL', 'other:key')", 0),
            client -> client.eval("return redis.call('FLUSHALL')", 1, "product:x"),
            client -> client.keys("*"),
            Jedis::flushAll,
            Jedis::flushDB,
            client -> client.configGet("*"),
            client -> client.configSet("maxmemory", "1"),
            client -> client.lpush("product:x", "y"),
            client -> client.publish("channel", "message"),
            client -> client.replicaof("127.0.0.1", 1),
            Jedis::aclList,
            Jedis::save);
    try (Jedis user =
        new Jedis("redis://%s:%s@127.0.0.1:%d".formatted(name, PASSWORD, redis.port()))) {
      for (int i = 0; i < refused.size(); i++) {
        Consumer<Jedis> command = refused.get(i);
        assertThatThrownBy(() -> command.accept(user))
            .as("command %d", i)
            .isInstanceOfSatisfying(
                JedisDataException.class,
                e ->
                    assertThat(e.getMessage())
                        .containsAnyOf("permission", "ACL", "can't access", "can't run"));
      }
    }
    admin.aclLogReset();
  }

  @Test
  void aRedisThatNobodyVouchesForIsSaidInWords() {
    Map<String, String> environment = environment(byTls());
    environment.put("REDIS_URL", redisUrl("tidemark_invalidator", stranger));
    try (TestInvalidator invalidator = new TestInvalidator(environment)) {
      await()
          .untilAsserted(
              () ->
                  assertThat(invalidator.readiness())
                      .contains("its certificate is vouched for by none of the authorities in")
                      .doesNotContain(PASSWORD));
    }
    CommandOutcome replay = CommandOutcome.of(environment, "status");
    assertThat(replay.code()).isEqualTo(1);
    assertThat(replay.out()).contains("vouched for by none").doesNotContain(PASSWORD);
  }

  @Test
  void aKafkaThatNobodyVouchesForIsSaidInWords() {
    Map<String, String> environment = environment(byTls());
    environment.put("KAFKA_CLIENT_SSL_TRUSTSTORE_LOCATION", stranger.certificate().toString());
    try (TestInvalidator invalidator = new TestInvalidator(environment)) {
      await()
          .untilAsserted(
              () ->
                  assertThat(invalidator.readiness())
                      .contains("SSL handshake failed", "valid certification path"));
      assertThat(invalidator.hasEnded()).isFalse();
    }
    CommandOutcome replay = CommandOutcome.of(environment, "replay", "--from", "beginning");
    assertThat(replay.code()).as(replay.toString()).isEqualTo(1);
    assertThat(replay.err()).contains("SSL handshake failed");
  }

  @Test
  void aKafkaWhoseCertificateIsPutRightIsFollowedWithoutARestart() throws Exception {
    String right = Files.readString(kafkaCertificate.both());
    try (TestInvalidator invalidator = new TestInvalidator(environment(byTls()))) {
      topic.publish(id("a"), 1);
      await().until(() -> topic.committed(group) == 1);
      Files.writeString(
          kafkaCertificate.both(), Files.readString(stranger.issue("impostor").both()));
      kafka.restart();
      await()
          .untilAsserted(
              () -> assertThat(invalidator.readiness()).contains("SSL handshake failed"));
      Files.writeString(kafkaCertificate.both(), right);
      kafka.restart();
      plant("b", 1);
      topic.publish(id("b"), 2);
      await().until(() -> !admin.exists("product:" + id("b")));
    } finally {
      Files.writeString(kafkaCertificate.both(), right);
    }
  }

  @Test
  void aDatabaseThatNobodyVouchesForIsSaidInWords() {
    Map<String, String> environment = environment(byTls());
    environment.put("DATABASE_URL", databaseUrl(stranger));
    CommandOutcome audit = CommandOutcome.of(environment, "audit");
    assertThat(audit.code()).isEqualTo(1);
    assertThat(audit.err()).contains("PKIX path");
  }

  private Map<String, String> byTls() {
    return Map.of(
        "KAFKA_BOOTSTRAP_SERVERS",
        kafkaByTls.bootstrapServers(),
        "KAFKA_CLIENT_SECURITY_PROTOCOL",
        "SSL");
  }

  private Map<String, String> byPassword() {
    return Map.of(
        "KAFKA_BOOTSTRAP_SERVERS",
        kafkaByPassword.bootstrapServers(),
        "KAFKA_CLIENT_SECURITY_PROTOCOL",
        "SASL_SSL",
        "KAFKA_CLIENT_SASL_MECHANISM",
        "PLAIN",
        "KAFKA_CLIENT_SASL_JAAS_CONFIG",
        "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"tidemark\" password=\"%s\";"
            .formatted(PASSWORD));
  }

  private Map<String, String> environment(Map<String, String> kafkaSettings, String... more) {
    Map<String, String> environment = new HashMap<>(kafkaSettings);
    environment.put("KAFKA_CLIENT_SSL_TRUSTSTORE_TYPE", "PEM");
    environment.put("KAFKA_CLIENT_SSL_TRUSTSTORE_LOCATION", authority.certificate().toString());
    environment.put("KAFKA_PRODUCT_TOPIC", topic.name());
    environment.put("KAFKA_GROUP_ID", group);
    environment.put("REDIS_URL", redisUrl("tidemark_invalidator", authority));
    environment.put("DATABASE_URL", databaseUrl(authority));
    environment.put("TIDEMARK_INVALIDATOR_ADMIN_PORT", "0");
    for (int i = 0; i < more.length; i += 2) {
      environment.put(more[i], more[i + 1]);
    }
    return environment;
  }

  private static String redisUrl(String user, CertificateAuthority trusted) {
    return redisUrl.replace("USER", user) + trusted.certificate();
  }

  private static String databaseUrl(CertificateAuthority trusted) {
    return products.auditUrl() + "?sslmode=verify-full&sslrootcert=" + trusted.certificate();
  }

  private void plant(String name, long version) {
    admin.set(
        ("product:" + id(name)).getBytes(UTF_8), "V%d\n{}".formatted(version).getBytes(UTF_8));
  }

  private String id(String name) {
    return name + group;
  }
}
