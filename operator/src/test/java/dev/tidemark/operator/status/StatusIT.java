package dev.tidemark.operator.status;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.BooleanNode;
import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.embedded.Ports;
import dev.tidemark.embedded.RedisServer;
import dev.tidemark.invalidator.TestInvalidator;
import dev.tidemark.invalidator.TestTopic;
import dev.tidemark.operator.CommandOutcome;
import dev.tidemark.operator.Main;
import io.helidon.webserver.WebServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.awaitility.Awaitility;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;

/// Test of the command `status` against real Kafka, Redis and invalidator, with the answers of a
/// relay and a product API. The broker is its own, because topics that nobody follows are reported.
class StatusIT {

  private static final String RELAY =
      """
      {
        "phase": "streaming", "ready": true, "reason": "streaming", "lagSeconds": 0.0,
        "lastRepair": {"reason": "the slot is lost", "events": 2, "at": "2026-03-10T12:00:00Z"},
        "slot": {"name": "tidemark_relay", "walStatus": "reserved", "lagBytes": 1200, "retainedBytes": 16800000},
        "outbox": {"partitions": 22, "oldestDay": "2026-03-03", "newestDay": "2026-03-24", "daysAhead": 14,
          "defaultRows": 3, "retentionDays": 7,
          "lastRemoval": {"what": "partition outbox_20260302 dropped", "at": "2026-03-10T12:00:00Z"}},
        "findings": [{"server": "POSTGRESQL", "severity": "WARNING", "what": "wal_level is odd", "remedy": "set it"}]
      }
      """;

  private static final String API =
      """
      {"ready": true, "reason": "ready", "redis": "answers, and takes evictions", "usesRedis": true,
       "requests": {"hit": 90, "near_hit": 5, "negative": 1, "miss": 4, "bypass": 50}}
      """;

  @TempDir static Path dir;
  private static KafkaServer kafka;
  private static RedisServer redis;

  private final String group = "status-" + UUID.randomUUID();
  private final Map<String, String> environment = new HashMap<>();
  private TestTopic topic;
  private TestTopic letters;
  private TestInvalidator invalidator;
  private WebServer relayPort;
  private WebServer apiPort;
  private volatile String relay = RELAY;

  @BeforeAll
  static void startServers() {
    Awaitility.setDefaultTimeout(Duration.ofSeconds(60));
    kafka = KafkaServer.start(dir.resolve("kafka"), 0);
    redis = RedisServer.start(dir.resolve("redis"), 0);
  }

  @AfterAll
  static void stopServers() {
    redis.close();
    kafka.close();
  }

  @BeforeEach
  void start() throws Exception {
    topic = new TestTopic(kafka.bootstrapServers(), "product-" + UUID.randomUUID() + ".events");
    topic.create(3);
    letters = new TestTopic(kafka.bootstrapServers(), topic.name() + ".dlt");
    environment.put("KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrapServers());
    environment.put("KAFKA_PRODUCT_TOPIC", topic.name());
    environment.put("KAFKA_GROUP_ID", group);
    environment.put("REDIS_URL", redis.url());
    environment.put("TIDEMARK_INVALIDATOR_ADMIN_PORT", "0");
    invalidator = new TestInvalidator(environment);
    relayPort = answering(() -> relay);
    apiPort = answering(() -> API);
    environment.put("OUTBOX_RELAY_ADMIN_URL", url(relayPort) + "/");
    environment.put("PRODUCT_API_ADMIN_URL", url(apiPort));
    environment.put("INVALIDATOR_ADMIN_URL", invalidator.url());
    await()
        .until(() -> invalidator.isReady() && invalidator.status().path("partitions").size() == 3);
  }

  private static WebServer answering(Supplier<String> status) {
    return WebServer.builder()
        .host("127.0.0.1")
        .port(0)
        .routing(routing -> routing.get("/status", (request, answer) -> answer.send(status.get())))
        .build()
        .start();
  }

  private static String url(WebServer server) {
    return "http://127.0.0.1:" + server.port();
  }

  @AfterEach
  void stop() throws Exception {
    relayPort.stop();
    apiPort.stop();
    invalidator.close();
    letters.close();
    topic.delete();
    topic.close();
    if (!redis.isAlive()) {
      redis.restart();
    }
    try (Jedis admin = new Jedis("127.0.0.1", redis.port())) {
      admin.flushAll();
    }
  }

  @Test
  void everyPartIsSaidToAHuman() throws Exception {
    topic.publish("a" + group, 1);
    await().until(() -> topic.committed(group) == 1);
    await().until(() -> invalidator.metric("invalidator_lag_events") == 0);

    CommandOutcome status = run();

    assertThat(status.out())
        .contains(
            """
            all 7 well
            relay        well, streaming; no dead letters
            postgresql   well, answers the relay
            slot         tidemark_relay: wal_status reserved, 1200 bytes behind (0.0 s), 16.8 MB of log kept for it
            repair       at 2026-03-10T12:00:00Z: the slot is lost; 2 events that the topics lacked were published
            outbox       22 daily partitions, 2026-03-03 to 2026-03-24 (14 days ahead), 3 rows in the default partition
            retention    7 days; last: partition outbox_20260302 dropped at 2026-03-10T12:00:00Z
            WARNING      wal_level is odd: set it
            kafka        well, %s: 3 partitions, 1 offsets
            group        well, %s: 1 member, 0 events behind
            invalidator  well, following; 3 partitions, 0 events behind (0.0 s); no dead letters
            """
                .formatted(topic.name(), group))
        .containsPattern(
            "evictions +0 evicted, 0 already fresh, 0 floor raised, 1 absent, 0 failed; 0 gaps")
        .containsPattern(
            "latency +commit to evict p50 [0-9.]+, .* % within 2s of the last minute's 1 changes")
        .containsPattern(
            "redis +well, redis://127.0.0.1:[0-9]+: primary, .* \\(no limit\\), 0 keys dropped")
        .containsPattern("product-api +well, ready; 96.0 % of 100 reads were hits")
        .containsPattern(
            "audit +running, 1.000 % of the events: consistent .* within 60s; .*0 stale");
    assertThat(status.code()).as(status.out() + status.err()).isZero();
  }

  @Test
  void jsonHasTheSameForPrograms() throws Exception {
    try (Jedis admin = new Jedis("127.0.0.1", redis.port())) {
      admin.set("tidemark:last-audit", "{\"stale\":0,\"fresh\":7}");
    }

    CommandOutcome status = run("--json");

    JsonNode json = new ObjectMapper().readTree(status.out());
    assertThat(status.out()).hasLineCount(1);
    assertThat(json.path("relay")).isEqualTo(new ObjectMapper().readTree(RELAY));
    assertThat(json.at("/kafka/topics/0/partitions").asInt()).isEqualTo(3);
    assertThat(json.at("/kafka/group/members").asInt()).isEqualTo(1);
    assertThat(json.at("/kafka/group/lagEvents").asInt(-1)).isZero();
    assertThat(json.at("/invalidators/0/phase").asText()).isEqualTo("following");
    assertThat(json.at("/invalidators/0/group").asText()).isEqualTo(group);
    assertThat(json.at("/redis/servers/0/role").asText()).isEqualTo("master");
    assertThat(json.at("/redis/servers/0/usedMemoryBytes").asLong()).isPositive();
    assertThat(json.at("/productApi/hitRatio").asDouble()).isEqualTo(0.96);
    assertThat(json.at("/audit/last/fresh").asInt()).isEqualTo(7);
    assertThat(status.code()).isZero();
  }

  @Test
  void lastAuditIsSaid() {
    try (Jedis admin = new Jedis("127.0.0.1", redis.port())) {
      admin.set("tidemark:last-audit", "{\"stale\":2,\"fresh\":7}");
    }
    assertThat(run().out()).containsPattern("audit +last run, .*: 7 fresh, 2 stale; 0 evicted");
  }

  @Test
  void aPartThatDoesNotAnswerIsRedAndTheOthersAreSaidAllTheSame() {
    environment.put("OUTBOX_RELAY_ADMIN_URL", "http://127.0.0.1:1");
    environment.put("PRODUCT_API_ADMIN_URL", "http://127.0.0.1:1");

    CommandOutcome status = run();

    assertThat(status.out())
        .contains(
            "relay        RED, no relay answers at http://127.0.0.1:1/status: see that it runs, and"
                + " that OUTBOX_RELAY_ADMIN_URL, or --data DIR, is right")
        .contains("product-api  RED, no product API answers at http://127.0.0.1:1/status")
        .contains("kafka        well")
        .contains("invalidator  well")
        .contains("redis        well");
    assertThat(status.code()).isEqualTo(1);
  }

  @Test
  void whenRedisIsAwayItAndTheInvalidatorAreRed() {
    redis.kill();
    await().until(() -> !invalidator.isReady());

    CommandOutcome status = run();

    assertThat(status.out())
        .containsPattern("redis +RED, redis://127.0.0.1:[0-9]+ does not answer.*REDIS_URL")
        .containsPattern("invalidator +RED, redis: ");
    assertThat(status.code()).isEqualTo(1);
  }

  @Test
  void whenNobodyReachesKafkaItIsRed() {
    environment.put("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:" + Ports.free());
    relay = "{\"ready\": false, \"reason\": \"no Kafka\"}";
    environment.put("INVALIDATOR_ADMIN_URL", "http://127.0.0.1:1");

    CommandOutcome status = run("--timeout", "8s");

    assertThat(status.out())
        .startsWith("3 of 5 red: relay, because no Kafka; kafka, because Kafka does not answer at ")
        .containsPattern("kafka +RED, Kafka does not answer at 127.0.0.1:.*KAFKA_BOOTSTRAP_SERVERS")
        .contains("redis        well");
    assertThat(status.code()).isEqualTo(1);
  }

  @Test
  void kafkaThatIsSlowIsYellowWhereItsNeighboursReachIt() throws Exception {
    try (ServerSocket silent = silent()) {
      environment.put("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:" + silent.getLocalPort());
      awaitPatiently(
          () -> {
            CommandOutcome status = run("--timeout", "3s");
            assertThat(status.out())
                .startsWith(
                    "1 of 6 yellow: kafka, because slow to answer, but reached by the relay and the"
                        + " invalidator")
                .contains("kafka        YELLOW, slow to answer")
                .contains("invalidator  well", "redis        well", "product-api  well");
            assertThat(status.code()).isZero();
          });
      JsonNode json = new ObjectMapper().readTree(run("--timeout", "3s", "--json").out());
      assertThat(json.at("/ready")).isEqualTo(BooleanNode.TRUE);
      assertThat(json.at("/kafka/unknown")).isEqualTo(BooleanNode.TRUE);
    }
  }

  @Test
  void redisThatIsSlowIsYellowWhereItsNeighboursReachIt() throws Exception {
    try (ServerSocket silent = silent()) {
      environment.put("REDIS_URL", "redis://127.0.0.1:" + silent.getLocalPort());
      awaitPatiently(
          () ->
              assertThat(run("--timeout", "3s"))
                  .satisfies(
                      status ->
                          assertThat(status.out())
                              .contains(
                                  "redis        YELLOW, slow to answer, but reached by the product"
                                      + " API and the invalidator")
                              .contains("kafka        well"))
                  .satisfies(status -> assertThat(status.code()).isZero()));
    }
  }

  @Test
  void invalidatorThatIsSlowIsYellowWhileKafkaHasItsGroup() throws Exception {
    try (ServerSocket silent = silent()) {
      environment.put("INVALIDATOR_ADMIN_URL", "http://127.0.0.1:" + silent.getLocalPort());
      awaitPatiently(
          () ->
              assertThat(run("--timeout", "3s").out())
                  .contains(
                      "invalidator  YELLOW, slow to answer, but reached by the group's"
                          + " coordinator"));
      environment.put("KAFKA_GROUP_ID", "nobody-" + group);
      awaitPatiently(
          () ->
              assertThat(run("--timeout", "3s").out())
                  .contains("invalidator  RED, the invalidator at http://127.0.0.1:")
                  .contains("did not answer in"));
    }
  }

  @Test
  void whoDoesNotAnswerHoldsUpNobody() throws Exception {
    try (ServerSocket silent = silent()) {
      String url = "http://127.0.0.1:" + silent.getLocalPort();
      environment.put("OUTBOX_RELAY_ADMIN_URL", url);
      environment.put("PRODUCT_API_ADMIN_URL", url);
      awaitPatiently(
          () ->
              assertThat(run("--timeout", "3s").out())
                  .contains("relay        RED, the relay at " + url)
                  .contains("product-api  RED, the product API at " + url)
                  .contains("kafka        well", "group        well", "invalidator  well")
                  .contains("redis        well"));
    }
  }

  @Test
  void deadLettersAreCountedWhereTheyWereMade() throws Exception {
    letters.create(1);
    letters.publishAborted("kettle", 1);
    letters.publishInTransaction("kettle", 1);
    letters.publishRaw("teapot", Map.of("dlt-offset", "7"), "x");
    letters.publishRaw("teapot", Map.of("dlt-offset", "8"), "x");
    // A committed transaction is visible when its marker is written, a moment later.
    await().until(() -> listed().size() == 3);
    discard(listed().getFirst());
    discard(listed().getFirst());

    assertThat(run().out())
        .contains("relay        well, streaming; no dead letters\n")
        .containsPattern("invalidator +well, .*; 1 dead letter, the last [0-9]+ s ago");

    letters.publishRaw("kettle", Map.of("dlt-reason", "broken"), "x");
    assertThat(run().out()).containsPattern("relay +well, streaming; 1 dead letter, the last ");
    JsonNode json = new ObjectMapper().readTree(run("--json").out());
    assertThat(json.at("/kafka/deadLetters/relay/count").asInt()).isEqualTo(1);
    assertThat(json.at("/kafka/deadLetters/invalidator/count").asInt()).isEqualTo(1);
    assertThat(json.at("/kafka/deadLetters/invalidator/last").asText()).startsWith("20");
    assertThat(json.at("/kafka/deadLetters/invalidator/atLeast").asBoolean(true)).isFalse();
  }

  /// Returns the ids of the letters, in their order.
  private List<String> listed() throws IOException {
    List<String> ids = new ArrayList<>();
    for (String line :
        CommandOutcome.of(environment, "dead-letters", "list", "--json").out().lines().toList()) {
      ids.add(new ObjectMapper().readTree(line).path("id").asText());
    }
    return ids;
  }

  private void discard(String id) {
    assertThat(CommandOutcome.of(environment, "dead-letters", "discard", id, "--yes").code())
        .isZero();
  }

  @Test
  void topicThatIsPublishedAndThatNobodyFollowsIsYellow() throws Exception {
    try (TestTopic orders = topicOf("order");
        TestTopic others = topicOf("user")) {
      orders.publish("o1", 1);
      others.publishRaw("u1", Map.of(), "of a system that is none of ours");

      CommandOutcome status = run();

      assertThat(status.out())
          .startsWith(
              "1 of 8 yellow: topic, because order.events: published, and no invalidator follows\n")
          .contains("topic        YELLOW, order.events: published, and no invalidator follows")
          .doesNotContain("user.events");
      assertThat(status.code()).isZero();

      environment.put("KAFKA_PRODUCT_TOPIC", topic.name() + ",order.events");
      assertThat(run().out())
          .contains("topic        YELLOW, order.events: published, and no invalidator follows");
      orders.delete();
      others.delete();
    }
  }

  private static TestTopic topicOf(String aggregate) throws Exception {
    return new TestTopic(kafka.bootstrapServers(), aggregate + ".events").create(1);
  }

  @Test
  void watchAsksAgain() throws Exception {
    StringWriter out = new StringWriter();
    AtomicInteger code = new AtomicInteger();
    Thread watching =
        new Thread(
            () ->
                code.set(
                    Main.commandLine(environment)
                        .setOut(new PrintWriter(out, true))
                        .execute("status", "--watch", "1s", "--json")));
    watching.start();
    await().until(() -> out.toString().lines().count() >= 2);
    relay = "{\"ready\": false, \"reason\": \"it is gone\"}";
    await().until(() -> out.toString().contains("it is gone"));
    watching.interrupt();
    watching.join(60_000);
    assertThat(code).hasValue(130);
    for (String line : out.toString().lines().toList()) {
      assertThat(new ObjectMapper().readTree(line).path("summary").asText()).isNotEmpty();
    }
  }

  /// Waits patiently: on a busy machine the command itself may get too little time.
  private static void awaitPatiently(ThrowingRunnable assertion) {
    await().atMost(Duration.ofMinutes(3)).untilAsserted(assertion);
  }

  /// If the command gets no time itself, no part is called red.
  @Test
  void whoHasNoTimeToAskCallsNobodyRed() {
    PartStatus<KafkaState> late = PartStatus.late("kafka", "kafka", "no answer", "see");
    SystemStatus status =
        SystemStatus.of(
            PartStatus.unknown("relay", "relay"),
            late,
            List.of(PartStatus.late("invalidators", "invalidator", "no answer", "see")),
            PartStatus.late("redis", "redis", "no answer", "see"),
            PartStatus.late("productApi", "product-api", "no answer", "see"),
            Instant.EPOCH);
    assertThat(status.isRed()).isFalse();
    assertThat(status.summary()).startsWith("5 of 5 yellow: relay, because not known");
  }

  /// Accepts connections, and never sends anything.
  private static ServerSocket silent() throws IOException {
    return new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  }

  @Test
  void groupWithoutMemberAndTopicThatIsNotThereAreRed() {
    environment.put("KAFKA_GROUP_ID", "nobody-" + group);
    environment.put("KAFKA_PRODUCT_TOPIC", topic.name() + ",nothing.events");

    CommandOutcome status = run();

    assertThat(status.out())
        .contains("kafka        RED, there is no topic nothing.events yet")
        .contains("group        RED, nobody-" + group + " has no member, 0 events behind")
        .startsWith(
            "2 of 8 red: kafka, because there is no topic nothing.events yet; group, because"
                + " nobody-");
    assertThat(status.code()).isEqualTo(1);
  }

  @Test
  void relayThatFailsIsRedWithItsReason() {
    relay =
        """
        {"ready": false, "reason": "no PostgreSQL", "slot": {"name": "s"}, "outbox": {},
         "findings": [{"server": "POSTGRESQL", "severity": "ERROR", "what": "PostgreSQL does not answer", "remedy": "see"}]}
        """;

    CommandOutcome status = run();

    assertThat(status.out())
        .contains("relay        RED, no PostgreSQL")
        .contains("postgresql   RED, PostgreSQL does not answer")
        .contains("slot         s: not known, PostgreSQL has not answered yet");
    assertThat(status.code()).isEqualTo(1);
  }

  @Test
  void severalInvalidatorsAreEachAsked() {
    environment.put("INVALIDATOR_ADMIN_URL", invalidator.url() + ", http://127.0.0.1:1");

    CommandOutcome status = run();

    assertThat(status.out())
        .contains("invalidator  well, following")
        .contains("invalidator  RED, no invalidator answers at http://127.0.0.1:1/status");
    assertThat(status.code()).isEqualTo(1);
  }

  @Test
  void whatNobodySaysWhereItIsIsNotAsked() {
    environment.remove("KAFKA_BOOTSTRAP_SERVERS");
    environment.remove("REDIS_URL");

    CommandOutcome status = run();

    assertThat(status.out())
        .contains("kafka        not asked: KAFKA_BOOTSTRAP_SERVERS is not set")
        .contains("redis        not asked: REDIS_URL is not set");
    assertThat(status.code()).isZero();
  }

  @Test
  void anotherProgramAtTheAddressIsSaidInWords() {
    relay = "hello";
    assertThat(run().out())
        .contains(
            "does not answer with JSON of a relay: OUTBOX_RELAY_ADMIN_URL must be the admin address of a"
                + " relay");
  }

  @Test
  void addressThatIsNoneIsWrongUsage() {
    environment.put("OUTBOX_RELAY_ADMIN_URL", "127.0.0.1:8082");

    CommandOutcome status = run();

    assertThat(status.err()).contains("OUTBOX_RELAY_ADMIN_URL is \"127.0.0.1:8082\"");
    assertThat(status.code()).isEqualTo(2);
  }

  private CommandOutcome run(String... options) {
    List<String> arguments = new ArrayList<>(List.of("status"));
    arguments.addAll(List.of(options));
    if (!arguments.contains("--timeout")) {
      // A busy machine gets more time than an operator would give.
      arguments.addAll(List.of("--timeout", "30s"));
    }
    return CommandOutcome.of(environment, arguments.toArray(String[]::new));
  }
}
