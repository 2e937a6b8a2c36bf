package dev.tidemark.api.resources;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.api.RunningService;
import dev.tidemark.api.RunningService.Answer;
import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.cache.redis.RedisSettings;
import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.cache.store.Lookup;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Reads by HTTP return at least what they promise, whatever is in the cache.
final class FreshReadsIT {

  private static final String CHAIR = "{'name':'Chair','price':12.5,'currency':'EUR'}";
  private static final String STOOL = "{'name':'Stool','price':7,'currency':'EUR'}";

  @RegisterExtension private static final RunningService api = new RunningService();

  private static RedisConnection redis;
  private static EntryStore entries;

  @BeforeAll
  static void connect() {
    redis =
        RedisConnection.open(
            api.redis().url(), RedisSettings.defaults().withTimeout(Duration.ofSeconds(2)));
    entries = redis.entries();
  }

  @AfterAll
  static void disconnect() {
    redis.close();
  }

  /// Puts an old value into the cache, as a lost invalidation would leave it.
  private static void stale(String id, long version) {
    cached(id, version, old(id, version));
  }

  private static void cached(String id, long version, String json) {
    String key = "product:" + id;
    entries.evictByForce(key);
    entries.acquire(key, "test", Duration.ofSeconds(5));
    entries.fill(
        key,
        "test",
        new CachedValue.Present(version, json.getBytes(StandardCharsets.UTF_8)),
        Duration.ofMinutes(1));
  }

  private static String old(String id, long version) {
    return "{\"id\":\"%s\",\"version\":%d,\"name\":\"old\"}".formatted(id, version);
  }

  @Test
  void aWriterSeesItsWriteAtOnce() { // H13
    api.put("/products/own", CHAIR);
    api.get("/products/own");
    Answer written = api.put("/products/own", STOOL);
    Answer read = api.get("/products/own");
    assertThat(read.header("Cache-Status")).isEqualTo("tidemark; hit");
    assertThat(read.text()).isEqualTo(written.text());
    api.delete("/products/own");
    assertThat(api.get("/products/own").status()).isEqualTo(404);
    assertThat(api.get("/products/own").header("Cache-Status")).isEqualTo("tidemark; hit");
    api.put("/products/own", CHAIR);
    assertThat(api.get("/products/own").status()).isEqualTo(200);
  }

  /// The process may have died between the commit and the cache the first time.
  @Test
  void aWriterSeesItsRepeatedWriteAtOnce() { // H13
    api.put("/products/repeated", CHAIR);
    String newest = api.put("/products/repeated", STOOL).text();
    stale("repeated", 1);
    api.put("/products/repeated", STOOL);
    assertThat(api.get("/products/repeated").text()).as("an unchanged PUT").isEqualTo(newest);
    stale("repeated", 1);
    api.patch("/products/repeated", "{'price':7}");
    assertThat(api.get("/products/repeated").text()).as("an unchanged PATCH").isEqualTo(newest);

    api.delete("/products/repeated");
    stale("repeated", 2);
    assertThat(api.delete("/products/repeated").status()).isEqualTo(404);
    assertThat(api.get("/products/repeated").status()).as("a DELETE again").isEqualTo(404);

    String named = "{'id':'repeated','name':'A','price':1,'currency':'EUR'}";
    String created = api.post("/products", named, "Idempotency-Key", "repeated").text();
    stale("repeated", 2);
    api.post("/products", named, "Idempotency-Key", "repeated");
    assertThat(api.get("/products/repeated").text()).as("a replayed POST").isEqualTo(created);
  }

  @Test
  void aMinimumVersionIsNeverAnsweredWithLess() { // H13
    api.put("/products/min", CHAIR);
    String newest = api.put("/products/min", STOOL).text();
    stale("min", 1);
    assertThat(api.get("/products/min").text()).as("the test's own stale value").contains("old");
    assertThat(api.get("/products/min", "Min-Version", "2").text()).isEqualTo(newest);
    assertThat(api.get("/products/min").text()).as("and the old value is gone").isEqualTo(newest);
  }

  @Test
  void noCacheIsAnsweredFromTheDatabaseAndPutsTheCacheRight() {
    api.put("/products/strong", CHAIR);
    String newest = api.put("/products/strong", STOOL).text();
    stale("strong", 1);
    Answer strong = api.get("/products/strong", "Cache-Control", "max-age=0, no-cache");
    assertThat(strong.text()).isEqualTo(newest);
    assertThat(strong.header("Cache-Status")).isEqualTo("tidemark; fwd=request");
    assertThat(api.get("/products/strong").text()).isEqualTo(newest);
  }

  /// Values that are no entry: of no key, of another product, of another version, empty, cut, no
  /// JSON.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{}",
        "null",
        "hello",
        "{\"id\":\"other\",\"version\":7,\"name\":\"x\"}",
        "{\"id\":\"payload\",\"version\":6,\"name\":\"x\"}",
        "{\"id\":\"payload\",\"version\":70,\"name\":\"x\"}",
        "{\"id\":\"payload\",\"version\":7,\"name\":",
        "{\"id\":\"payload\",\"version\":7,"
      })
  void whatIsNotThisProductAtThisVersionIsNotServed(String payload) { // H7, H8
    String newest = api.put("/products/payload", CHAIR).text();
    cached("payload", 7, payload);
    Answer one = api.get("/products/payload");
    assertThat(one.text()).isEqualTo(newest);
    assertThat(one.header("Cache-Status")).isEqualTo("tidemark; fwd=miss; stored");
    cached("payload", 7, payload);
    assertThat(api.get("/products?ids=payload").text())
        .isEqualTo("{\"products\":[" + newest + "],\"missing\":[]}");
    assertThat(api.get("/products/payload").header("Cache-Status")).isEqualTo("tidemark; hit");
  }

  @Test
  void aVersionFromNowhereIsRemovedByAStrongRead() { // H8
    String newest = api.put("/products/nowhere", CHAIR).text();
    stale("nowhere", 99_999);
    assertThat(api.get("/products/nowhere").header("ETag")).isEqualTo("\"99999\"");
    assertThat(api.get("/products/nowhere", "Cache-Control", "no-cache").text()).isEqualTo(newest);
    assertThat(api.get("/products/nowhere").text()).isEqualTo(newest);

    stale("nowhere", 99_999);
    assertThat(api.get("/products?ids=nowhere", "Cache-Control", "no-cache").text())
        .contains(newest);
    assertThat(api.get("/products/nowhere").text()).isEqualTo(newest);
  }

  @Test
  void aVersionFromNowhereIsRemovedByAReadThatProvesTheDatabaseOlder() { // H8
    String newest = api.put("/products/ahead", CHAIR).text();
    stale("ahead", 99_999);
    assertThat(api.get("/products/ahead", "Min-Version", "100000").status()).isEqualTo(412);
    assertThat(api.get("/products/ahead").text()).isEqualTo(newest);
  }

  @Test
  void aMinimumVersionThatNeverWasCostsTheOthersNothing() { // H52
    api.put("/products/demanded", CHAIR);
    api.get("/products/demanded");
    for (int i = 0; i < 3; i++) {
      api.get("/products/demanded", "Min-Version", "9007199254740991");
      assertThat(api.get("/products/demanded").header("Cache-Status")).isEqualTo("tidemark; hit");
    }
  }

  /// The commit itself is delayed, and then refused.
  @Test
  void untilAWriteIsCommittedTheCacheIsNotTold() throws Exception { // H15
    String first = api.put("/products/uncommitted", CHAIR).text();
    api.get("/products/uncommitted");
    try (Connection holder = api.connect()) {
      holder.createStatement().execute("select pg_advisory_lock(15)");
      api.sql()
          .useHandle(
              handle ->
                  handle.execute(
                      """
                      create function refuse() returns trigger language plpgsql security definer as $$
                      begin
                        perform pg_advisory_xact_lock(15);
                        raise exception 'refused at the commit';
                      end $$;
                      create constraint trigger refuse after update on product
                        deferrable initially deferred for each row
                        when (new.id = 'uncommitted') execute function refuse()\
                      """));
      CompletableFuture<Answer> write =
          CompletableFuture.supplyAsync(() -> api.put("/products/uncommitted", STOOL));
      await()
          .atMost(Duration.ofSeconds(30))
          .until(
              () ->
                  api.texts("select 1 from pg_locks where locktype = 'advisory' and not granted")
                      .size(),
              waiting -> waiting == 1);
      assertThat(api.get("/products/uncommitted").text()).isEqualTo(first);
      assertThat(entries.lookup("product:uncommitted"))
          .isEqualTo(
              new Lookup.Hit(new CachedValue.Present(1, first.getBytes(StandardCharsets.UTF_8))));
      holder.createStatement().execute("select pg_advisory_unlock(15)");
      assertThat(write.get().status()).isGreaterThanOrEqualTo(500);
    }
    assertThat(api.get("/products/uncommitted").text()).isEqualTo(first);
    assertThat(api.get("/products/uncommitted", "Cache-Control", "no-cache").text())
        .isEqualTo(first);
  }

  @Test
  void theDatabaseIsAskedForValueAndVersionInOneStatement() throws Exception { // H7
    api.put("/products/pair", CHAIR);
    try (var threads = java.util.concurrent.Executors.newVirtualThreadPerTaskExecutor()) {
      var writer =
          threads.submit(
              () -> {
                for (int i = 0; i < 200; i++) {
                  api.put(
                      "/products/pair", "{'name':'n%d','price':1,'currency':'EUR'}".formatted(i));
                }
                return 0;
              });
      while (!writer.isDone()) {
        Answer one = api.get("/products/pair", "Cache-Control", "no-cache");
        assertThat("\"" + one.json().get("version").asLong() + "\"").isEqualTo(one.header("ETag"));
      }
      writer.get();
    }
  }

  @Test
  void aReadThatStartedBeforeAWriteDoesNotStoreWhatItSaw() throws Exception { // H1
    api.put("/products/slow", CHAIR);
    entries.evictByForce("product:slow");
    // A fill in progress elsewhere: it holds the lease, and has read version 1.
    entries.acquire("product:slow", "slow-reader", Duration.ofSeconds(30));
    Answer written = api.put("/products/slow", STOOL);
    entries.fill(
        "product:slow",
        "slow-reader",
        new CachedValue.Present(1, old("slow", 1).getBytes(StandardCharsets.UTF_8)),
        Duration.ofMinutes(1));
    assertThat(api.get("/products/slow").text()).isEqualTo(written.text());
  }

  @Test
  void aRowThatIsLockedForLongDoesNotHoldUpReads() throws Exception {
    api.put("/products/locked", CHAIR);
    entries.evictByForce("product:locked");
    try (Connection connection = api.connect()) {
      connection.setAutoCommit(false);
      connection.createStatement().execute("update product set name = 'B' where id = 'locked'");
      assertThat(api.get("/products/locked").json().get("name").asText()).isEqualTo("Chair");
      CompletableFuture<Answer> write =
          CompletableFuture.supplyAsync(() -> api.put("/products/locked", STOOL));
      connection.commit();
      assertThat(write.get().header("ETag")).isEqualTo("\"3\"");
    }
    assertThat(api.events("locked"))
        .containsExactly("1 product.created", "2 product.updated", "3 product.updated");
  }

  @Test
  void amongReadersAndOneWriterNobodySeesTheTimeRunBackwardsWithMinVersion() throws Exception {
    api.put("/products/mono", CHAIR);
    try (var threads = java.util.concurrent.Executors.newVirtualThreadPerTaskExecutor()) {
      var writer =
          threads.submit(
              () -> {
                for (int i = 0; i < 150; i++) {
                  api.put(
                      "/products/mono", "{'name':'n%d','price':1,'currency':'EUR'}".formatted(i));
                }
                return 0;
              });
      var readers =
          java.util.stream.IntStream.range(0, 4)
              .mapToObj(
                  reader ->
                      threads.submit(
                          () -> {
                            long seen = 1;
                            while (!writer.isDone()) {
                              Answer answer =
                                  ThreadLocalRandom.current().nextInt(5) == 0
                                      ? api.get("/products/mono", "Cache-Control", "no-cache")
                                      : api.get(
                                          "/products/mono", "Min-Version", Long.toString(seen));
                              long version =
                                  Long.parseLong(answer.header("ETag").replace("\"", ""));
                              assertThat(version).isGreaterThanOrEqualTo(seen);
                              assertThat(answer.json().get("version").asLong()).isEqualTo(version);
                              seen = version;
                              if (ThreadLocalRandom.current().nextInt(10) == 0) {
                                entries.evictByForce("product:mono");
                              }
                            }
                            return seen;
                          }))
              .toList();
      writer.get();
      for (var reader : readers) {
        reader.get();
      }
    }
    assertThat(api.get("/products/mono", "Cache-Control", "no-cache").header("ETag"))
        .isEqualTo("\"151\"");
  }
}
