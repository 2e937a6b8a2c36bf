package dev.tidemark.operator.rebuild;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.cache.CacheSettings;
import dev.tidemark.cache.TimeToLive;
import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.cache.redis.RedisSettings;
import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.cache.store.Lookup;
import dev.tidemark.cache.store.Outcome;
import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.embedded.RedisServer;
import dev.tidemark.event.EventHeaders;
import dev.tidemark.invalidation.Unavailable;
import dev.tidemark.invalidator.HookedStore;
import dev.tidemark.invalidator.SharedKafka;
import dev.tidemark.invalidator.TestTopic;
import dev.tidemark.operator.CommandOutcome;
import dev.tidemark.operator.rebuild.AggregateState.Cacheable;
import dev.tidemark.operator.run.CommandRun.Result;
import dev.tidemark.operator.run.StopRequest.Stopped;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// Promises of `rebuild`, on real Kafka and Redis.
@ExtendWith(SharedKafka.class)
class RebuildIT {

  private static final Duration TTL = Duration.ofMinutes(5);

  @TempDir static Path dir;
  private static KafkaServer kafka;
  private static RedisServer redis;
  private static RedisConnection connection;

  private EntryStore store;
  private TestTopic topic;

  @BeforeAll
  static void startServers(KafkaServer shared) {
    kafka = shared;
    redis = RedisServer.start(dir.resolve("redis"), 0);
    connection =
        RedisConnection.open(
            redis.url(), RedisSettings.defaults().withTimeout(Duration.ofSeconds(2)));
  }

  @AfterAll
  static void stopServers() {
    connection.close();
    redis.close();
  }

  @BeforeEach
  void begin() throws ExecutionException, InterruptedException {
    connection.client().flushAll();
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
  void ofEachKeyTheNewestStateIsFilledAndNothingElse() {
    for (int version = 1; version <= 3; version++) {
      for (int i = 0; i < 50; i++) {
        topic.publish("k" + i, version);
      }
    }

    Result result = rebuild().run();

    assertThat(result.json()).containsEntry("filled", 50L).containsEntry("records", 150L);
    for (int i = 0; i < 50; i++) {
      assertThat(held("k" + i)).isEqualTo(hit(3));
    }
  }

  @Test
  void aDeletionIsFilledAsAbsenceAndARecreationAsTheValueThatItIs_H10() {
    topic.publish("gone", 1);
    topic.publishDeletion("gone", 2);
    topic.publishDeletion("back", 2);
    topic.publish("back", 3);

    rebuild().run();

    assertThat(held("gone")).isEqualTo(new Lookup.Hit(new CachedValue.Absent(2)));
    assertThat(held("back")).isEqualTo(hit(3));
  }

  @Test
  void whatIsFilledLivesAtMostTheTtlAndNotAllEndTogether() {
    for (int i = 0; i < 200; i++) {
      topic.publish("k" + i, 1);
    }
    topic.publishDeletion("gone", 2);

    rebuild().run();

    Set<Long> seconds = new HashSet<>();
    for (int i = 0; i < 200; i++) {
      Duration life = store.remainingLife("product:k" + i).orElseThrow();
      assertThat(life).isBetween(Duration.ofSeconds(140), Duration.ofSeconds(300));
      seconds.add(life.toSeconds());
    }
    assertThat(seconds).as("different lives, in seconds").hasSizeGreaterThan(50);
    assertThat(store.remainingLife("product:gone").orElseThrow())
        .isBetween(Duration.ofSeconds(25), Duration.ofSeconds(60));
  }

  /// The eviction finds nothing, and leaves nothing that could refuse the fill. Only the topic
  /// shows it.
  @Test
  void whatWasEvictedBetweenTheFirstReadingAndTheLeaseIsNotFilled_H42() {
    topic.publish("a", 1);

    Result result = rebuild().before("acquire", once(() -> change("a", 2))).run();

    assertThat(held("a")).isEqualTo(new Lookup.Miss());
    assertThat(result.json()).containsEntry("overtaken", 1L).containsEntry("filled", 0L);
  }

  /// The same case, but the reading of the topic knows only what it was told to read up to.
  @Test
  void theTopicIsReadToItsEndAfterTheLeaseIsTaken_H42() {
    AtomicLong newestInTopic = new AtomicLong(1);
    VersionIndex known = new VersionIndex(1 << 20);
    known.saw("product:a", 1);
    EntryStore evictingFirst =
        HookedStore.before(
            "acquire",
            () -> {
              newestInTopic.set(2);
              store.evict("product:a", 2);
            },
            store);
    RebuildFill fill =
        new RebuildFill(
            evictingFirst,
            TimeToLive.ofMany(CacheSettings.defaults()),
            TTL,
            () -> known.saw("product:a", newestInTopic.get()),
            state -> known.isNewest(state.key(), state.version()));

    assertThat(fill.attempt(List.of(new Cacheable("product:a", value(1)))))
        .containsExactly(new Outcome.Applied<>(RebuildFill.Verdict.OVERTAKEN));
    assertThat(held("a")).isEqualTo(new Lookup.Miss());
  }

  @Test
  void whatIsEvictedBetweenTheLeaseAndTheFillIsNotFilled_H1() {
    topic.publish("a", 1);

    Result result = rebuild().before("fill", once(() -> store.evict("product:a", 2))).run();

    assertThat(held("a")).isEqualTo(new Lookup.Miss());
    assertThat(result.json()).containsEntry("overtaken", 1L);
  }

  @Test
  void aLeaseThatIsLostIsTakenAgainAndTheTopicReadAgain_H3() {
    topic.publish("lost", 1);
    topic.publish("changed", 1);

    Result result =
        rebuild()
            .before(
                "fill",
                once(
                    () -> {
                      connection.client().flushAll();
                      change("changed", 2);
                    }))
            .run();

    assertThat(held("lost")).isEqualTo(hit(1));
    assertThat(held("changed")).isEqualTo(new Lookup.Miss());
    assertThat(result.json()).containsEntry("filled", 1L).containsEntry("overtaken", 1L);
  }

  @Test
  void whatIsCachedStaysUnlessItIsOlder_H9() {
    for (String id : new String[] {"older", "equal", "newer"}) {
      topic.publish(id, 5);
    }
    cache("older", 4);
    cache("equal", 5);
    cache("newer", 6);

    Result result = rebuild().run();

    assertThat(held("older")).isEqualTo(hit(5));
    assertThat(held("equal")).isEqualTo(hit(5));
    assertThat(held("newer")).isEqualTo(hit(6));
    assertThat(result.json())
        .containsEntry("refreshed", 1L)
        .containsEntry("alreadyFresh", 2L)
        .containsEntry("filled", 0L);
  }

  @Test
  void whatSomebodyElseIsFillingIsLeftToHimButNothingOlder() {
    topic.publish("a", 5);
    store.acquire("product:a", "other", TTL);

    Result result = rebuild().run();

    assertThat(held("a")).isEqualTo(new Lookup.Filling(5));
    assertThat(result.json()).containsEntry("beingFilled", 1L);
  }

  @Test
  void theNewestStateMayLieBeforeAnOlderOne_H38() {
    topic.publishTo(0, "late", 3);
    topic.publishTo(0, "late", 2);
    topic.publish("aborted", 3);
    topic.publishAborted("aborted", 2);

    rebuild().run();

    assertThat(held("late")).isEqualTo(hit(3));
    assertThat(held("aborted")).isEqualTo(hit(3));
  }

  @Test
  void aKeyMayLieInTwoPartitionsAfterTheirNumberChanged_H39() throws Exception {
    topic.publishTo(2, "moved", 1);
    topic.publishTo(0, "returned", 4);
    topic.addPartitionsUpTo(5);
    topic.publishTo(4, "moved", 2);
    topic.publishTo(3, "returned", 3);

    rebuild().run();

    assertThat(held("moved")).isEqualTo(hit(2));
    assertThat(held("returned")).isEqualTo(hit(4));
  }

  @Test
  void partitionsThatComeWhileItRunsAreReadToo_H39_H42() {
    topic.publishTo(2, "a", 1);

    rebuild()
        .before(
            "acquire",
            once(
                () -> {
                  addPartitions(6);
                  topic.publishTo(5, "a", 2);
                  store.evict("product:a", 2);
                }))
        .run();

    assertThat(held("a")).isEqualTo(new Lookup.Miss());
  }

  @Test
  void aKeyWhoseNewestStateCannotBeReadGetsNoOlderOne_H35() {
    Map<String, String> whole = Map.of("ce_type", "product.updated", "ce_aggregateversion", "2");
    for (String id : new String[] {"notJson", "cut", "noValue", "noVersion", "absurd"}) {
      topic.publishTo(0, id, 1);
    }
    topic.publishRaw("notJson", whole, "hello");
    topic.publishRaw("cut", whole, "{\"version\":");
    topic.publishRaw("noValue", whole, null);
    topic.publishRaw("noVersion", Map.of("ce_type", "product.updated"), "{}");
    topic.publishRaw(
        "absurd", Map.of("ce_type", "product.updated", "ce_aggregateversion", "-7"), "{}");
    topic.publishRaw(null, whole, "{}");
    topic.publishTo(0, "good", 1);

    Result result = rebuild().run();

    assertThat(held("good")).isEqualTo(hit(1));
    for (String id : new String[] {"notJson", "cut", "noValue", "noVersion", "absurd"}) {
      assertThat(held(id)).as(id).isEqualTo(new Lookup.Miss());
    }
    assertThat(result.json()).containsEntry("unreadable", 5L).containsEntry("keyless", 1L);
  }

  @Test
  void whatContradictsItselfIsNeitherFilledNorTakenForNewest() {
    topic.publishTo(0, "empty", 1);
    publish("empty", "99999", "{}");
    topic.publishTo(0, "other", 1);
    publish("other", "2", TestTopic.json("another", 2));
    topic.publishTo(0, "another", 1);
    publish("low", "1", TestTopic.json("low", 7));

    Result result = rebuild().run();

    for (String id : new String[] {"empty", "other", "another", "low"}) {
      assertThat(held(id)).as(id).isEqualTo(new Lookup.Miss());
    }
    assertThat(result.json()).containsEntry("filled", 0L);
  }

  @Test
  void aVersionFromNowhereIsNotFilledAndToldWithItsReason() {
    topic.publishTo(0, "a", 5);
    topic.publishTo(0, "a", 99_999);
    topic.publishTo(0, "a", 6);
    RebuildRunner rebuild = rebuild();

    Result result = rebuild.run();

    assertThat(held("a")).isEqualTo(new Lookup.Miss());
    assertThat(result.json()).containsEntry("gapped", 1L);
    assertThat(rebuild.news)
        .anySatisfy(line -> assertThat(line).contains("product:a", "99999", "after 6"));
  }

  /// The order in which two partitions are read is not known.
  @Test
  void versionsThatLieInAnotherPartitionAreNotMissing_H39() throws Exception {
    for (int id = 0; id < 50; id++) {
      topic.publishTo(0, "moved" + id, 1);
      topic.publishTo(0, "moved" + id, 2);
      topic.publishTo(0, "moved" + id, 3);
    }
    topic.addPartitionsUpTo(5);
    for (int id = 0; id < 50; id++) {
      topic.publishTo(4, "moved" + id, 4);
      topic.publishTo(4, "moved" + id, 5);
    }

    Result result = rebuild().run();

    for (int id = 0; id < 50; id++) {
      assertThat(held("moved" + id)).isEqualTo(hit(5));
    }
    assertThat(result.json()).containsEntry("gapped", 0L);
  }

  private void publish(String id, String version, String value) {
    topic.publishRaw(
        id, Map.of("ce_type", "product.updated", "ce_aggregateversion", version), value);
  }

  @Test
  void aStateToldAgainIsOneLikeOthers() {
    topic.publish("a", 1);
    topic.publishRaw(
        "a",
        Map.of(
            "ce_type", "product.updated", "ce_aggregateversion", "7", EventHeaders.RESYNC, "run"),
        TestTopic.json("a", 7));

    rebuild().run();

    assertThat(held("a")).isEqualTo(hit(7));
  }

  @Test
  void withLittleMemoryTheTopicIsReadSeveralTimesAndAllIsFilled() {
    for (int i = 0; i < 3000; i++) {
      topic.send("k" + i, 1);
    }
    topic.flush();

    Result result = rebuild().memory(24 << 10).run();

    assertThat((int) result.json().get("rounds")).isGreaterThan(2);
    assertThat(result.json()).containsEntry("filled", 3000L);
    assertThat(connection.client().dbSize()).isEqualTo(3000);
  }

  @Test
  void aSecondRunChangesNothing() {
    topic.publish("a", 1);
    topic.publishDeletion("b", 2);
    rebuild().run();

    assertThat(rebuild().run().json())
        .containsEntry("alreadyFresh", 2L)
        .containsEntry("filled", 0L);
  }

  @Test
  void whenItIsToEndNoLeaseIsLeft() {
    RebuildRunner runner = rebuild();
    for (int i = 0; i < 5000; i++) {
      topic.send("k" + i, 1);
    }
    topic.flush();

    runner.before("fill", once(runner.stopping::request));

    assertThatThrownBy(runner::run).isInstanceOf(Stopped.class);
    for (int i = 0; i < 5000; i++) {
      assertThat(held("k" + i)).isNotInstanceOf(Lookup.Filling.class);
    }
    rebuild().run();
    assertThat(connection.client().dbSize()).isEqualTo(5000);
  }

  /// Readers would wait for the lease, and then ask the database.
  @Test
  void leasesAreGivenUpWhenTheTopicIsNotReadToItsEnd_H17() {
    RebuildFill fill =
        new RebuildFill(
            store,
            TimeToLive.ofMany(CacheSettings.defaults()),
            TTL,
            () -> {
              throw new Stopped();
            },
            state -> true);

    assertThatThrownBy(() -> fill.attempt(List.of(new Cacheable("product:a", value(1)))))
        .isInstanceOf(Stopped.class);
    assertThat(held("a")).isEqualTo(new Lookup.Miss());
  }

  @Test
  void aFullRedisIsToldWithARemedyAndWhatIsDoneStays() {
    for (int i = 0; i < 4000; i++) {
      topic.send("k" + i, 1);
    }
    topic.flush();
    try (RedisServer small =
            RedisServer.start(
                dir.resolve(UUID.randomUUID().toString()),
                0,
                "--maxmemory",
                "1500kb",
                "--maxmemory-policy",
                "noeviction");
        RedisConnection toSmall = RedisConnection.open(small.url(), RedisSettings.defaults())) {
      RebuildRunner runner =
          new RebuildRunner(kafka.bootstrapServers(), topic.name(), small.url())
              .patience(Duration.ofMillis(300));

      assertThatThrownBy(runner::run)
          .isInstanceOf(Unavailable.class)
          .hasMessageContaining("that it has memory")
          .message()
          // The fills before it may have all connections on a busy machine.
          .containsAnyOf("OOM", "Timeout waiting for idle object");
      assertThat(toSmall.client().dbSize()).isPositive();
    }
  }

  @Test
  void redisAwayIsWaitedFor() {
    topic.publish("a", 1);
    AtomicBoolean killed = new AtomicBoolean();
    RebuildRunner runner =
        rebuild()
            .before(
                "fill",
                once(
                    () -> {
                      redis.kill();
                      killed.set(true);
                    }));
    var running = CompletableFuture.supplyAsync(runner::run);
    try {
      Awaitility.await("it waits")
          .atMost(Duration.ofSeconds(30))
          .until(
              () -> {
                synchronized (runner.news) {
                  return !runner.news.isEmpty();
                }
              });
    } finally {
      if (killed.get()) {
        redis.restart();
      }
    }
    running.join();
    assertThat(held("a")).isEqualTo(hit(1));
  }

  @Test
  void aDryRunTellsHowMuchItWouldFillAndChangesNothing() {
    topic.publish("free", 5);
    topic.publish("older", 5);
    topic.publish("fresh", 5);
    cache("older", 4);
    cache("fresh", 5);

    CommandOutcome outcome = command("rebuild", "--dry-run", "--json");

    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(outcome.out())
        .contains("\"filled\":1", "\"refreshed\":1", "\"alreadyFresh\":1", "\"dryRun\":true");
    assertThat(held("free")).isEqualTo(new Lookup.Miss());
    assertThat(held("older")).isEqualTo(hit(4));
  }

  @Test
  void onlyTheChosenKeysAreFilled() {
    for (String id : new String[] {"shoe-1", "shoe-2", "hat-1", "hat-2"}) {
      topic.publish(id, 1);
    }
    assertThat(command("rebuild", "--prefix", "shoe-").code()).isZero();
    assertThat(command("rebuild", "--key", "hat-2").code()).isZero();

    assertThat(held("shoe-1")).isEqualTo(hit(1));
    assertThat(held("shoe-2")).isEqualTo(hit(1));
    assertThat(held("hat-1")).isEqualTo(new Lookup.Miss());
    assertThat(held("hat-2")).isEqualTo(hit(1));
  }

  @Test
  void itFillsAnotherRedisWhoseAddressMayStandInAFileOrAVariable() throws Exception {
    topic.publish("a", 1);
    try (RedisServer green =
            RedisServer.start(
                dir.resolve(UUID.randomUUID().toString()), 0, "--requirepass", "hunter2");
        RedisConnection toGreen =
            RedisConnection.open(
                green.url().replace("//", "//:hunter2@"),
                RedisSettings.defaults().withTimeout(Duration.ofSeconds(2)))) {
      String url = green.url().replace("//", "//:hunter2@");
      Path file = Files.writeString(dir.resolve("green"), url + "\n");
      for (String into : new String[] {url, "file:" + file, "env:GREEN"}) {
        toGreen.client().flushAll();
        Map<String, String> environment = environment();
        environment.remove("REDIS_URL");
        environment.put("GREEN", url);

        CommandOutcome outcome = CommandOutcome.of(environment, "rebuild", "--into", into);

        assertThat(outcome.code()).as(outcome.err()).isZero();
        assertThat(held(toGreen.entries(), "a")).as(into).isEqualTo(hit(1));
        assertThat(outcome.out() + outcome.err()).doesNotContain("hunter2");
      }
    }
    assertThat(held("a")).isEqualTo(new Lookup.Miss());
  }

  @Test
  void whatIsWrongIsToldWithoutAPassword() {
    for (String into : new String[] {"http://:hunter2@h", "redis://:hunter2@h:x:y", "env:NONE"}) {
      CommandOutcome outcome = command("rebuild", "--into", into);
      assertThat(outcome.code()).isEqualTo(2);
      assertThat(outcome.err()).contains("--into").doesNotContain("hunter2");
    }
    assertThat(command("rebuild", "--memory", "much").code()).isEqualTo(2);
    Map<String, String> environment = environment();
    environment.put("CACHE_TTL_SECONDS", "0");
    assertThat(CommandOutcome.of(environment, "rebuild").err()).contains("CACHE_TTL_SECONDS");
    environment = environment();
    environment.put("KAFKA_PRODUCT_TOPIC", "nowhere.events");
    assertThat(CommandOutcome.of(environment, "rebuild"))
        .satisfies(outcome -> assertThat(outcome.code()).isEqualTo(1))
        .satisfies(
            outcome -> assertThat(outcome.err()).contains("there is no topic nowhere.events"));
  }

  @Test
  void noGroupIsTouched_H41() throws Exception {
    topic.publish("a", 1);
    List<String> before = topic.groups();
    assertThat(command("rebuild").code()).isZero();
    assertThat(topic.groups()).isSubsetOf(before);
  }

  private RebuildRunner rebuild() {
    return new RebuildRunner(kafka.bootstrapServers(), topic.name(), redis.url());
  }

  private CommandOutcome command(String... arguments) {
    return CommandOutcome.of(environment(), arguments);
  }

  private Map<String, String> environment() {
    Map<String, String> environment = new HashMap<>();
    environment.put("KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrapServers());
    environment.put("KAFKA_PRODUCT_TOPIC", topic.name());
    environment.put("REDIS_URL", redis.url());
    return environment;
  }

  /// Changes an aggregate with a quick invalidator.
  private void change(String id, long version) {
    topic.publish(id, version);
    store.evict("product:" + id, version);
  }

  private void addPartitions(int count) {
    try {
      topic.addPartitionsUpTo(count);
    } catch (ExecutionException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static Runnable once(Runnable hook) {
    AtomicBoolean done = new AtomicBoolean();
    return () -> {
      if (!done.getAndSet(true)) {
        hook.run();
      }
    };
  }

  private void cache(String id, long version) {
    String key = "product:" + id;
    store.acquire(key, "test", TTL);
    store.fill(key, "test", value(version), TTL);
  }

  /// Looks up a key. A state that came from the topic stands for [#value].
  private Lookup held(String id) {
    return held(store, id);
  }

  private static Lookup held(EntryStore entries, String id) {
    return switch (entries.lookup("product:" + id)) {
      case Lookup.Hit(CachedValue.Present(long version, byte[] payload))
          when new String(payload, UTF_8).equals(TestTopic.json(id, version)) ->
          hit(version);
      case Lookup other -> other;
    };
  }

  private static Lookup hit(long version) {
    return new Lookup.Hit(value(version));
  }

  private static CachedValue value(long version) {
    return new CachedValue.Present(version, "{\"version\":%d}".formatted(version).getBytes(UTF_8));
  }
}
