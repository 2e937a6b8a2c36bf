package dev.tidemark.operator.replay;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.cache.redis.RedisSettings;
import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.cache.store.Lookup;
import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.embedded.RedisServer;
import dev.tidemark.invalidator.SharedKafka;
import dev.tidemark.invalidator.TestTopic;
import dev.tidemark.operator.CommandOutcome;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// Promises of `replay`, on real Kafka and Redis.
@ExtendWith(SharedKafka.class)
class ReplayIT {

  private static final Duration TTL = Duration.ofMinutes(5);
  private static final Duration SOON = Duration.ofSeconds(30);

  @TempDir static Path dir;
  private static KafkaServer kafka;
  private static RedisServer redis;
  private static RedisConnection connection;

  /// Each test has keys of its own.
  private final String prefix = UUID.randomUUID() + "-";

  private EntryStore store;
  private TestTopic topic;

  @BeforeAll
  static void startServers(KafkaServer shared) {
    kafka = shared;
    redis = RedisServer.start(dir.resolve("redis"), 0);
    connection =
        RedisConnection.open(
            redis.url(), RedisSettings.defaults().withTimeout(Duration.ofSeconds(30)));
  }

  @AfterAll
  static void stopServers() {
    connection.close();
    redis.close();
  }

  @BeforeEach
  void begin() throws ExecutionException, InterruptedException {
    store = connection.entries();
    topic =
        new TestTopic(kafka.bootstrapServers(), "product-" + UUID.randomUUID() + ".events")
            .create(3);
  }

  @AfterEach
  void end() {
    topic.close();
  }

  @Test
  void whatIsOlderGoesWhatIsFreshStays_H16() {
    publish("old", 2);
    publish("fresh", 3);
    publish("newer", 4);
    cache("old", 1);
    cache("fresh", 3);
    cache("newer", 9);

    CommandOutcome outcome = replay("--from", "beginning", "--json");

    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(outcome.out())
        .contains("\"records\":3", "\"evicted\":1", "\"alreadyFresh\":2", "\"interrupted\":false");
    assertThat(versions("old", "fresh", "newer")).isEqualTo(Map.of("fresh", 3L, "newer", 9L));
  }

  @Test
  void aDryRunTellsHowManyKeysWouldGoAndLeavesThem() {
    publish("twice", 2);
    publish("twice", 3);
    publish("fresh", 3);
    cache("twice", 1);
    cache("fresh", 3);

    CommandOutcome outcome = replay("--from", "beginning", "--dry-run", "--json");

    assertThat(outcome.out()).contains("\"wouldEvict\":1", "\"dryRun\":true");
    assertThat(versions("twice", "fresh")).isEqualTo(Map.of("twice", 1L, "fresh", 3L));
  }

  @Test
  void itEndsAtTheEndsThatTheTopicsHadWhenItBegan() throws Exception {
    String[] ids = IntStream.range(0, 300).mapToObj(i -> "k" + i).toArray(String[]::new);
    for (String id : ids) {
      publish(id, 2);
      cache(id, 1);
    }
    var running =
        CompletableFuture.supplyAsync(
            () -> replay("--from", "beginning", "--rate", "100", "--json"));
    await("the run begins").atMost(SOON).until(() -> versions(ids).size() < ids.length);
    publish("later", 2);
    assertThat(versions(ids)).as("the run is not over").isNotEmpty();

    assertThat(running.get(1, TimeUnit.MINUTES).out()).contains("\"records\":300");
  }

  @Test
  void aStartMayBeATimeAnOffsetOrPartitionsWithOffsets() throws InterruptedException {
    topic.publishTo(0, prefix + "a", 2);
    topic.publishTo(1, prefix + "b", 2);
    TimeUnit.MILLISECONDS.sleep(5);
    Instant between = Instant.now();
    topic.publishTo(0, prefix + "c", 2);

    assertThat(replay("--from", between.toString(), "--json").out()).contains("\"records\":1");
    assertThat(replay("--from", "10m", "--json").out()).contains("\"records\":3");
    assertThat(replay("--from", "1", "--json").out()).contains("\"records\":1");
    assertThat(replay("--from", "1:0", "--json").out()).contains("\"records\":1");
    assertThat(replay("--from", "0:1,1:1", "--json").out()).contains("\"records\":1");
  }

  @Test
  void anOffsetThatIsGoneIsToldAndReadFromTheBeginningOneThatIsNotThereYetIsRefused()
      throws Exception {
    topic.publishTo(0, prefix + "gone", 2);
    topic.publishTo(0, prefix + "there", 2);
    topic.deleteBefore(0, 1);

    assertThat(replay("--from", "0:0", "--json"))
        .satisfies(outcome -> assertThat(outcome.out()).contains("\"records\":1"))
        .satisfies(outcome -> assertThat(outcome.err()).contains("has no offset 0 any more"));
    assertThat(replay("--from", "0:3"))
        .satisfies(outcome -> assertThat(outcome.code()).isEqualTo(1))
        .satisfies(outcome -> assertThat(outcome.err()).contains("has no offset 3 yet"));
  }

  @Test
  void amongSeveralTopicsAPartitionIsNamedWithItsTopic() throws Exception {
    try (TestTopic other =
        new TestTopic(kafka.bootstrapServers(), "stock-" + UUID.randomUUID() + ".events")
            .create(1)) {
      other.publishTo(0, prefix + "a", 2);
      topic.publishTo(0, prefix + "b", 2);
      Map<String, String> environment = environment();
      environment.put("KAFKA_PRODUCT_TOPIC", topic.name() + "," + other.name());

      assertThat(CommandOutcome.of(environment, "replay", "--from", "0:0").err())
          .contains("there are several topics");
      assertThat(
              CommandOutcome.of(environment, "replay", "--from", other.name() + ":0:0", "--json")
                  .out())
          .contains("\"records\":1");
    }
  }

  @Test
  void onlyTheChosenKeysAreEvicted() {
    for (String id : new String[] {"shoe-1", "shoe-2", "hat-1"}) {
      publish(id, 2);
      cache(id, 1);
    }
    assertThat(replay("--from", "beginning", "--key", prefix + "shoe-1").code()).isZero();
    assertThat(versions("shoe-1", "shoe-2", "hat-1").keySet()).containsOnly("shoe-2", "hat-1");

    assertThat(replay("--from", "beginning", "--prefix", prefix + "sh").code()).isZero();
    assertThat(versions("shoe-1", "shoe-2", "hat-1").keySet()).containsOnly("hat-1");
  }

  @Test
  void recordsThatBreakTheContractEvictByWhatTheyTell_H35() {
    topic.publishRaw(prefix + "noversion", Map.of("ce_type", "product.updated"), "x");
    topic.publishRaw(prefix + "notype", Map.of("ce_aggregateversion", "2"), null);
    topic.publishRaw(null, Map.of(), "no key at all");
    cache("noversion", 7);
    store.acquire("product:" + prefix + "noversion", "t", TTL);

    CommandOutcome outcome = replay("--from", "beginning", "--json");

    assertThat(outcome.code()).isZero();
    assertThat(outcome.out()).contains("\"keyless\":1", "\"records\":3", "\"evicted\":1");
    assertThat(versions("noversion")).isEmpty();
  }

  @Test
  void redisAwayIsWaitedFor() {
    publish("old", 2);
    cache("old", 1);
    redis.kill();
    var running = CompletableFuture.supplyAsync(() -> replay("--from", "beginning"));
    try {
      TimeUnit.MILLISECONDS.sleep(300);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    } finally {
      redis.restart();
    }
    CommandOutcome outcome = running.join();
    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(outcome.err()).contains("trying again");
  }

  @Test
  void whatIsWrongIsToldWithARemedy() {
    assertThat(CommandOutcome.of(environment(), "replay").code()).isEqualTo(2);
    assertThat(replay("--from", "yesterday"))
        .satisfies(outcome -> assertThat(outcome.code()).isEqualTo(2))
        .satisfies(outcome -> assertThat(outcome.err()).contains("how long ago (15m"));
    assertThat(replay("--from", "7:0"))
        .satisfies(outcome -> assertThat(outcome.code()).isEqualTo(1))
        .satisfies(outcome -> assertThat(outcome.err()).contains("no partition"));

    Map<String, String> environment = environment();
    environment.put("KAFKA_PRODUCT_TOPIC", "nowhere.events");
    assertThat(CommandOutcome.of(environment, "replay", "--from", "beginning"))
        .satisfies(outcome -> assertThat(outcome.code()).isEqualTo(1))
        .satisfies(
            outcome -> assertThat(outcome.err()).contains("there is no topic nowhere.events"));

    environment.remove("REDIS_URL");
    assertThat(CommandOutcome.of(environment, "replay", "--from", "beginning"))
        .satisfies(outcome -> assertThat(outcome.code()).isEqualTo(2))
        .satisfies(outcome -> assertThat(outcome.err()).contains("REDIS_URL is not set"));
  }

  @Test
  void theGroupOfTheInvalidatorsIsNotTouched_H41() throws Exception {
    publish("old", 2);
    List<String> before = topic.groups();
    assertThat(replay("--from", "beginning").code()).isZero();
    assertThat(topic.committed("tidemark-invalidator")).isZero();
    assertThat(topic.groups()).isSubsetOf(before);
  }

  private void publish(String id, long version) {
    topic.publish(prefix + id, version);
  }

  private void cache(String id, long version) {
    String key = "product:" + prefix + id;
    store.evictByForce(key);
    store.acquire(key, "test", TTL);
    store.fill(key, "test", new CachedValue.Present(version, "{}".getBytes(UTF_8)), TTL);
  }

  private Map<String, Long> versions(String... ids) {
    Map<String, Long> versions = new HashMap<>();
    for (String id : ids) {
      if (store.lookup("product:" + prefix + id) instanceof Lookup.Hit(CachedValue value)) {
        versions.put(id, value.version());
      }
    }
    return versions;
  }

  private CommandOutcome replay(String... arguments) {
    String[] all = new String[arguments.length + 1];
    all[0] = "replay";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    return CommandOutcome.of(environment(), all);
  }

  private Map<String, String> environment() {
    Map<String, String> environment = new HashMap<>();
    environment.put("KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrapServers());
    environment.put("KAFKA_PRODUCT_TOPIC", topic.name());
    environment.put("REDIS_URL", redis.url());
    return environment;
  }
}
