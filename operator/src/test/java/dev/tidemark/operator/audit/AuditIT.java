package dev.tidemark.operator.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.cache.redis.RedisInspection.Found;
import dev.tidemark.cache.redis.RedisSettings;
import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.embedded.PostgresServer;
import dev.tidemark.embedded.PostgresStandby;
import dev.tidemark.embedded.RedisCluster;
import dev.tidemark.embedded.RedisServer;
import dev.tidemark.invalidation.PostgresProducts;
import dev.tidemark.invalidator.TestProducts;
import dev.tidemark.operator.CommandOutcome;
import dev.tidemark.operator.audit.AuditFindings.WrongKey;
import dev.tidemark.operator.audit.AuditSources.Wrong;
import dev.tidemark.operator.run.StopRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;

/// Promises of the command `audit`, on real Redis and PostgreSQL, with the role that has the fewest
/// rights.
class AuditIT {

  private static final ObjectMapper mapper = new ObjectMapper();
  private static final Duration SOON = Duration.ofSeconds(30);

  @TempDir static Path dir;
  private static RedisServer redis;
  private static TestProducts products;
  private static RedisConnection connection;
  private static Jedis client;

  private EntryStore store;

  @BeforeAll
  static void startServers() throws Exception {
    redis = RedisServer.start(dir.resolve("redis"), 0);
    products = TestProducts.start(dir.resolve("postgres"));
    connection =
        RedisConnection.open(
            redis.url(), RedisSettings.defaults().withTimeout(Duration.ofSeconds(30)));
    client = new Jedis("127.0.0.1", redis.port());
  }

  @AfterAll
  static void stopServers() {
    client.close();
    connection.close();
    products.close();
    redis.close();
  }

  @BeforeEach
  void begin() {
    client.flushAll();
    store = connection.entries();
  }

  @Test
  void whatSaysTheSameAsTheDatabaseIsFresh() throws Exception {
    products.bringTo("live", 3);
    products.bringTo("deleted", 1);
    products.delete("deleted");
    cache("live");
    plant("deleted", "D2\n");
    plant("never", "D0\n");
    plant("lease", "L7:token\n");

    CommandOutcome outcome = audit("--all", "--json");

    assertThat(outcome.code()).as(outcome.toString()).isZero();
    assertThat(count(outcome, "fresh")).isEqualTo(3);
    assertThat(count(outcome, "absent")).isEqualTo(1);
    assertThat(count(outcome, "keys")).isEqualTo(4);
  }

  @Test
  void whatStaysOlderIsStaleAndTheExitCodeIsOne() throws Exception {
    products.bringTo("x", 3);
    products.bringTo("created", 1);
    plant("x", "V1\n{}");
    plant("created", "D0\n");

    CommandOutcome outcome = audit("--all", "--grace", "1s");

    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.out())
        .contains("product:x: cache 1, database 3", "product:created: cache 0, database 1")
        .contains("2 stale");
    assertThat(client.exists("product:x")).isTrue();
  }

  @Test
  void whatComesRightWithinTheGraceTimeIsLagging() throws Exception {
    products.bringTo("late", 3);
    plant("late", "V1\n{}");
    long before = reads();
    var running = CompletableFuture.supplyAsync(() -> audit("--all", "--json", "--grace", "60s"));
    await("it is looked at").atMost(SOON).until(() -> reads() > before);

    store.evict("product:late", 3);

    CommandOutcome outcome = running.get(30, TimeUnit.SECONDS);
    assertThat(outcome.code()).as(outcome.toString()).isZero();
    assertThat(count(outcome, "lagging")).isEqualTo(1);
  }

  @Test
  void anOlderVersionThatIsNotYetTheNewestIsStaleAllTheSame() throws Exception {
    products.bringTo("climbs", 3);
    plant("climbs", "V1\n{}");
    long before = reads();
    var running = CompletableFuture.supplyAsync(() -> audit("--all", "--json", "--grace", "2s"));
    await("it is looked at").atMost(SOON).until(() -> reads() > before);
    plant("climbs", "V2\n{}");
    assertThat(running.get(30, TimeUnit.SECONDS).code()).isEqualTo(1);
  }

  /// A product that is written continuously is always a little behind.
  @Test
  void whatHasReachedTheVersionThatWasMissingIsNotStaleThoughTheDatabaseHasMovedOn()
      throws Exception {
    products.bringTo("restless", 3);
    plant("restless", "V1\n{}");
    long before = reads();
    var running = CompletableFuture.supplyAsync(() -> audit("--all", "--json", "--grace", "4s"));
    await("the first look is over").atMost(SOON).until(() -> reads() > before + 1);
    products.bringTo("restless", 9);
    plant("restless", "V5\n{}");
    CommandOutcome outcome = running.get(30, TimeUnit.SECONDS);
    assertThat(outcome.code()).as(outcome.toString()).isZero();
    assertThat(count(outcome, "lagging")).isEqualTo(1);
  }

  @Test
  void whatIsNewerThanTheDatabaseIsAhead_H22() throws Exception {
    products.bringTo("recovered", 4);
    cache("recovered");
    products.setBackTo("recovered", 2);
    plant("gone", "V1\n{}");

    CommandOutcome outcome = audit("--all", "--json", "--grace", "0s");

    assertThat(outcome.code()).isEqualTo(1);
    assertThat(count(outcome, "ahead")).isEqualTo(2);
  }

  @Test
  void theSameVersionWithAnotherContentDiffers_H7() throws Exception {
    for (String id : new String[] {"payload", "absent", "present"}) {
      products.bringTo(id, 2);
    }
    products.delete("present");
    plant("payload", "V2\n" + products.json("payload").replace("9.90", "9.91"));
    plant("absent", "D2\n");
    plant("present", "V3\n{}");

    CommandOutcome outcome = audit("--all", "--json", "--grace", "0s");

    assertThat(outcome.code()).isEqualTo(1);
    assertThat(count(outcome, "differs")).isEqualTo(3);
  }

  @Test
  void whatIsNoEntryIsToldButHarmsNobody() throws Exception {
    plant("foreign", "nonsense");
    CommandOutcome outcome = audit("--all", "--json", "--grace", "0s");
    assertThat(outcome.code()).isZero();
    assertThat(count(outcome, "unreadable")).isEqualTo(1);
    assertThat(client.exists("product:foreign")).as("it only reads").isTrue();
  }

  @Test
  void aRepairEvictsWhatIsWrongAndNothingElse_H8() throws Exception {
    for (String id : new String[] {"old", "new", "other", "right"}) {
      products.bringTo("repair-" + id, 2);
    }
    plant("repair-old", "V1\n{}");
    plant("repair-new", "V9\n{}");
    plant("repair-other", "V2\n{}");
    plant("repair-foreign", "nonsense");
    cache("repair-right");

    CommandOutcome outcome = audit("--all", "--repair", "--json", "--grace", "0s");

    assertThat(outcome.code()).as(outcome.toString()).isZero();
    assertThat(count(outcome, "repaired")).isEqualTo(4);
    assertThat(client.keys("product:*")).containsExactly("product:repair-right");
  }

  @Test
  void whatChangedSinceItWasJudgedIsLeftAndJudgedAnew_H8() throws Exception {
    products.bringTo("changes", 3);
    try (PostgresProducts database =
        new PostgresProducts(AuditTarget.from(environment()).database())) {
      AuditSources servers = AuditSources.open(connection, database, new StopRequest(), _ -> {});
      for (String entry : new String[] {"V9\n{}", "nonsense"}) {
        plant("changes", entry);
        List<Found> found = servers.read(List.of("product:changes"));
        cache("changes");

        Wrong wrong =
            new Wrong(
                new WrongKey(
                    "product:changes", AuditVerdict.of(found.getFirst(), Optional.empty()), 9, 3),
                found.getFirst());
        assertThat(servers.evict(List.of(wrong))).containsExactly("product:changes");
        assertThat(client.get("product:changes")).startsWith("V3\n");
      }
    }
  }

  /// Another program continuously writes a wrong value while it is to be evicted.
  @Test
  void aRepairEndsOnlyWhenItIsGone_H8() throws Exception {
    products.bringTo("restless-ahead", 3);
    plant("restless-ahead", "V9\n{}");
    long before = scripts();
    AtomicBoolean stop = new AtomicBoolean();
    Thread writing =
        Thread.ofPlatform()
            .start(
                () -> {
                  try (Jedis own = new Jedis("127.0.0.1", redis.port())) {
                    long end = System.nanoTime() + SOON.toNanos();
                    for (long i = 0; !stop.get() && System.nanoTime() < end; i++) {
                      own.set("product:restless-ahead", "V9\n{\"n\":" + i + "}");
                    }
                  }
                });
    var running =
        CompletableFuture.supplyAsync(() -> audit("--all", "--repair", "--json", "--grace", "2s"));
    await("it is tried").atMost(SOON).until(() -> scripts() > before || running.isDone());
    stop.set(true);
    writing.join();

    CommandOutcome outcome = running.get(60, TimeUnit.SECONDS);

    assertThat(client.exists("product:restless-ahead")).as(outcome.toString()).isFalse();
    assertThat(outcome.code()).as(outcome.toString()).isZero();
    assertThat(count(outcome, "repaired")).isEqualTo(1);
  }

  @Test
  void aDryRunTellsWhatARepairWouldEvictAndLeavesIt() throws Exception {
    products.bringTo("dry", 2);
    plant("dry", "V1\n{}");
    CommandOutcome outcome = audit("--all", "--repair", "--dry-run", "--json", "--grace", "0s");
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(count(outcome, "wouldEvict")).isEqualTo(1);
    assertThat(client.exists("product:dry")).isTrue();
  }

  @Test
  void constantWritesGiveNoFalseAlarm() throws Exception {
    AtomicBoolean done = new AtomicBoolean();
    int ids = 40;
    for (int i = 0; i < ids; i++) {
      products.bringTo("busy" + i, 1);
    }
    ConcurrentLinkedQueue<Map.Entry<String, Long>> committed = new ConcurrentLinkedQueue<>();
    // This is a live path that is some changes behind.
    var writer =
        CompletableFuture.runAsync(
            () -> {
              for (int i = 0; !done.get(); i++) {
                String id = "busy" + i % ids;
                unchecked(
                    () -> {
                      products.bringTo(id, products.version(id) + 1);
                      committed.add(Map.entry(id, products.version(id)));
                    });
                while (committed.size() > 20) {
                  var event = committed.remove();
                  store.evict("product:" + event.getKey(), event.getValue());
                }
              }
            });
    var reader =
        CompletableFuture.runAsync(
            () -> {
              for (int i = 0; !done.get(); i++) {
                String id = "busy" + i * 7 % ids;
                unchecked(() -> readThrough(id));
              }
            });
    try {
      for (int run = 0; run < 3; run++) {
        CommandOutcome outcome = audit("--all", "--json", "--grace", "5s");
        assertThat(outcome.code()).as(outcome.toString()).isZero();
      }
    } finally {
      done.set(true);
      CompletableFuture.allOf(writer, reader).join();
    }
  }

  @Test
  void aSampleIsDrawnFromTheProductsOfTheCache() throws Exception {
    for (int i = 0; i < 300; i++) {
      plant("sample" + i, "D0\n");
      client.set("session:" + i, "x");
    }
    CommandOutcome outcome = audit("--sample", "100", "--json");
    assertThat(outcome.code()).as(outcome.toString()).isZero();
    assertThat(count(outcome, "keys")).isEqualTo(100);
    assertThat(json(outcome).path("scope").asText()).isEqualTo("sample of 100");
  }

  @Test
  void aSampleOfMoreThanThereIsIsAll() throws Exception {
    for (int i = 0; i < 50; i++) {
      plant("few" + i, "D0\n");
    }
    assertThat(count(audit("--json"), "keys")).isEqualTo(50);
  }

  @Test
  void everyPrimaryOfAClusterIsAuditedAndRepaired() throws Exception {
    try (RedisCluster cluster =
            RedisCluster.start(dir.resolve("cluster"), 3, Duration.ofSeconds(15));
        RedisConnection other =
            RedisConnection.open(
                cluster.url(), RedisSettings.defaults().withTimeout(Duration.ofSeconds(2)))) {
      for (int i = 0; i < 60; i++) {
        other.client().set("product:clustered" + i, i < 30 ? "D0\n" : "V1\n{}");
      }
      Map<String, String> environment = environment();
      environment.put("REDIS_URL", cluster.url());
      CommandOutcome outcome =
          CommandOutcome.of(environment, "audit", "--all", "--repair", "--json", "--grace", "0s");
      assertThat(outcome.code()).as(outcome.toString()).isZero();
      assertThat(count(outcome, "fresh")).isEqualTo(30);
      assertThat(count(outcome, "repaired")).isEqualTo(30);
      assertThat(count(CommandOutcome.of(environment, "audit", "--json"), "keys")).isEqualTo(30);
    }
  }

  @Test
  void onlyTheChosenAreCompared() throws Exception {
    for (String id : new String[] {"shoe-1", "shoe-2", "hat"}) {
      plant(id, "V1\n{}");
    }
    assertThat(count(audit("--prefix", "shoe-", "--json", "--grace", "0s"), "ahead")).isEqualTo(2);
    products.bringTo("cold", 1);
    CommandOutcome one = audit("--key", "hat", "--key", "cold", "--json", "--grace", "0s");
    assertThat(count(one, "ahead")).isEqualTo(1);
    assertThat(count(one, "absent")).isEqualTo(1);
  }

  @Test
  void aKeyThatNobodyKnowsIsWrongUsageAndNotWell() {
    CommandOutcome unknown = audit("--key", "o1", "--json");
    assertThat(unknown.err())
        .contains("--key o1: there is no such product", "audit knows no other aggregates");
    assertThat(unknown.out()).startsWith("{\"error\":\"--key o1: ");
    assertThat(unknown.code()).isEqualTo(2);
  }

  @Test
  void theResultIsLeftInRedisForOthers() throws Exception {
    products.bringTo("noted", 2);
    plant("noted", "V1\n{}");
    audit("--all", "--grace", "0s");
    JsonNode note = mapper.readTree(client.get(LastAudit.NOTE));
    assertThat(note.path("stale").asInt()).isEqualTo(1);
    assertThat(note.path("scope").asText()).isEqualTo("all");
    assertThat(note.path("at").asText()).isNotEmpty();
    assertThat(note.at("/wrongKeys/0/key").asText()).isEqualTo("product:noted");
  }

  @Test
  void aRedisThatTakesNothingMoreIsAuditedAllTheSame() throws Exception {
    plant("full", "D0\n");
    client.configSet("maxmemory", "1");
    try {
      CommandOutcome outcome = audit("--all", "--json");
      assertThat(outcome.code()).as(outcome.toString()).isZero();
      assertThat(count(outcome, "fresh")).isEqualTo(1);
      assertThat(outcome.err()).contains("not left in Redis");
    } finally {
      client.configSet("maxmemory", "0");
    }
  }

  @Test
  void aDatabaseThatGoesAwayIsWaitedFor() throws Exception {
    for (int i = 0; i < 100; i++) {
      plant("slow" + i, "D0\n");
    }
    long before = reads();
    var running = CompletableFuture.supplyAsync(() -> audit("--all", "--json", "--rate", "50"));
    await("it has begun").atMost(SOON).until(() -> reads() > before);
    products.server().kill();
    long killed = reads();
    try {
      await("it goes on").atMost(SOON).until(() -> reads() > killed);
    } finally {
      products.server().restart();
    }
    CommandOutcome outcome = running.get(60, TimeUnit.SECONDS);
    assertThat(outcome.code()).as(outcome.toString()).isZero();
    assertThat(count(outcome, "fresh")).isEqualTo(100);
    assertThat(outcome.err()).contains("trying again: PostgreSQL does not answer");
  }

  /// A standby may be behind, and every entry would be ahead of it.
  @Test
  void aStandbyIsRefused() throws Exception {
    try (PostgresServer standby =
        PostgresStandby.start(products.server(), dir.resolve("standby"), 0, Map.of())) {
      Map<String, String> environment = environment();
      environment.put("DATABASE_URL", standby.url());
      CommandOutcome outcome = CommandOutcome.of(environment, "audit");
      assertThat(outcome.code()).isEqualTo(1);
      assertThat(outcome.err()).contains("leads to a standby");
    }
  }

  @Test
  void whatIsWrongIsToldWithARemedy() {
    assertThat(audit("--all", "--sample", "5").code()).isEqualTo(2);
    assertThat(audit("--sample", "0").code()).isEqualTo(2);
    assertThat(audit("--grace", "soon").code()).isEqualTo(2);
    Map<String, String> environment = environment();
    environment.put("DATABASE_URL", "postgresql://tidemark_audit@127.0.0.1:1/tidemark");
    assertThat(CommandOutcome.of(environment, "audit"))
        .satisfies(outcome -> assertThat(outcome.code()).isEqualTo(1))
        .satisfies(outcome -> assertThat(outcome.err()).contains("PostgreSQL does not answer"))
        .satisfies(outcome -> assertThat(outcome.err()).doesNotContain("trying again"));
    environment.remove("DATABASE_URL");
    environment.remove("REDIS_URL");
    assertThat(CommandOutcome.of(environment, "audit"))
        .satisfies(outcome -> assertThat(outcome.code()).isEqualTo(2))
        .satisfies(
            outcome ->
                assertThat(outcome.err())
                    .contains("DATABASE_URL is not set", "REDIS_URL is not set"));
  }

  /// Reads through the cache like a reader: lease, source, fill.
  private void readThrough(String id) throws Exception {
    String token = "t" + UUID.randomUUID();
    store.acquire("product:" + id, token, Duration.ofSeconds(5));
    // Version and JSON come from one read.
    String json = products.json(id);
    long version = mapper.readTree(json).path("version").asLong();
    store.fill(
        "product:" + id,
        token,
        new CachedValue.Present(version, json.getBytes(StandardCharsets.UTF_8)),
        Duration.ofMinutes(5));
  }

  private interface Step {
    void run() throws Exception;
  }

  private static void unchecked(Step step) {
    try {
      step.run();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static long reads() {
    return calls("getrange");
  }

  private static long scripts() {
    return calls("evalsha");
  }

  private static long calls(String command) {
    try (Jedis own = new Jedis("127.0.0.1", redis.port())) {
      return own.info("commandstats")
          .lines()
          .filter(line -> line.startsWith("cmdstat_" + command + ":calls="))
          .mapToLong(line -> Long.parseLong(line.replaceAll("^.*:calls=(\\d+),.*", "$1")))
          .sum();
    }
  }

  /// Fills like product-api.
  private static void cache(String id) throws Exception {
    plant(id, "V" + products.version(id) + "\n" + products.json(id));
  }

  private static void plant(String id, String entry) {
    try (Jedis own = new Jedis("127.0.0.1", redis.port())) {
      own.set("product:" + id, entry);
    }
  }

  private static long count(CommandOutcome outcome, String name) throws Exception {
    return json(outcome).path(name).asLong(-1);
  }

  private static JsonNode json(CommandOutcome outcome) throws Exception {
    return mapper.readTree(outcome.out());
  }

  private static CommandOutcome audit(String... arguments) {
    return CommandOutcome.of(
        environment(),
        Stream.concat(Stream.of("audit"), Stream.of(arguments)).toArray(String[]::new));
  }

  private static Map<String, String> environment() {
    return new HashMap<>(Map.of("REDIS_URL", redis.url(), "DATABASE_URL", products.auditUrl()));
  }
}
