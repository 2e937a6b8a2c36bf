package dev.tidemark.systemtests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.RedisClient;

/// Test of the main job: HTTP write, one transaction, log, relay, Kafka, invalidator, eviction by
/// version, fresh read.
class PipelineST {
  private static final Duration SOON = Duration.ofSeconds(60);

  /// A catalogue of real products that may lie beside the project.
  private static final Path REAL_CATALOGUE =
      StackProcess.PROJECT.resolveSibling("shared").resolve("data/catalogue-2023.ndjson.gz");

  @TempDir static Path folder;
  private static StackProcess stack;
  private static Shop shop;
  private static Truth truth;

  @BeforeAll
  static void up() {
    stack = StackProcess.up(folder.resolve("stack"));
    shop = new Shop(stack);
    truth = new Truth(stack.env());
  }

  @AfterAll
  static void down() {
    stack.close();
  }

  @Test
  void changedPriceIsReadAtOnceThenFromTheCache() throws Exception {
    shop.put("kettle", Shop.json("Kettle", "20"));
    shop.get("kettle");
    assertThat(cacheStatus("kettle")).isEqualTo("tidemark; hit");

    var changed = shop.put("kettle", Shop.json("Kettle", "21.5"));
    var read = shop.get("kettle");

    assertThat(Shop.version(read)).isEqualTo(Shop.version(changed));
    assertThat(read.body()).contains("21.5");
  }

  /// H14: only the reliable lane can have evicted here.
  @Test
  void changeBehindTheApiEvictsTheEntry() throws Exception {
    shop.put("toaster", Shop.json("Toaster", "30"));
    shop.get("toaster");
    assertThat(cacheStatus("toaster")).isEqualTo("tidemark; hit");

    truth.sql("update product set price = 31 where id = 'toaster'");

    await()
        .atMost(SOON)
        .untilAsserted(
            () -> {
              assertThat(shop.get("toaster").body()).contains("31");
              assertThat(cacheStatus("toaster")).isEqualTo("tidemark; hit");
            });
  }

  /// H44: the log is ahead of what readers see. If a relay published the change at once, the entry
  /// would be evicted, and the next reader would store the old state again.
  @Test
  void changeThatWaitsForASynchronousStandbyIsNotEvictedTooEarly_H44() throws Exception {
    shop.put("oven", Shop.json("Oven", "40"));
    shop.get("oven");
    assertThat(cacheStatus("oven")).isEqualTo("tidemark; hit");
    truth.synchronousStandby("nobody");
    try (var writer = Executors.newVirtualThreadPerTaskExecutor()) {
      var update =
          writer.submit(() -> truth.sql("update product set price = 41 where id = 'oven'"));
      try {
        truth.awaitCommitThatWaits();
        // Reads continue much longer than an event takes to Redis.
        await()
            .during(Duration.ofSeconds(5))
            .atMost(SOON)
            .until(() -> shop.get("oven").body().contains("40"));
      } finally {
        truth.synchronousStandby("");
      }
      update.get();
    }

    await()
        .atMost(SOON)
        .untilAsserted(
            () -> {
              assertThat(shop.get("oven").body()).contains("41");
              assertThat(cacheStatus("oven")).isEqualTo("tidemark; hit");
            });
    truth.assertSettledAndTrue();
  }

  @Test
  void entryThatIsOlderThanTheEventIsEvicted() throws Exception {
    shop.put("lamp", Shop.json("Lamp", "1"));
    shop.put("lamp", Shop.json("Lamp", "2"));
    try (var redis = RedisClient.create(stack.env().get("REDIS_URL"))) {
      redis.set("product:lamp", "V1\n{\"id\":\"lamp\",\"version\":1,\"planted\":true}");
      assertThat(shop.get("lamp").body()).contains("planted");

      truth.sql("update product set price = 3 where id = 'lamp'");

      await().atMost(SOON).untilAsserted(() -> assertThat(redis.exists("product:lamp")).isFalse());
    }
    assertThat(shop.get("lamp").body()).contains("3.00");
  }

  @Test
  void deletedProductIsGoneAndComesBackWithTheNextVersion() throws Exception {
    shop.put("chair", Shop.json("Chair", "80"));
    assertThat(shop.delete("chair").statusCode()).isEqualTo(204);
    assertThat(shop.get("chair").statusCode()).isEqualTo(404);

    assertThat(shop.put("chair", Shop.json("Chair", "85")).statusCode()).isEqualTo(201);

    assertThat(Shop.version(shop.get("chair"))).isEqualTo(3);
  }

  @Test
  void afterRandomWorkNothingIsLostRepeatedOrStale() throws Exception {
    try (var work = shop.randomWork(50)) {
      await().atMost(SOON).until(() -> work.steps() >= 1_500);
    }

    truth.assertSettledAndTrue();
    truth.assertHoldsWhatWasAcknowledged(shop);
  }

  @Test
  void importedCatalogueIsReadableAndImportedAgainWritesNothing() throws Exception {
    var lines = Files.exists(REAL_CATALOGUE) ? realLines(3_000) : generatedLines(3_000);
    int before = truth.outboxCount();

    var first = shop.importLines(lines.getBytes(UTF_8), "identity");
    int after = truth.outboxCount();
    var second = shop.importLines(lines.getBytes(UTF_8), "identity");

    assertThat(first.body()).contains("\"created\":3000", "\"failed\":0");
    assertThat(after - before).isEqualTo(3_000);
    assertThat(second.body()).contains("\"unchanged\":3000", "\"created\":0", "\"updated\":0");
    assertThat(truth.outboxCount()).isEqualTo(after);
    for (var id : truth.ids("select id from product order by id limit 500")) {
      assertThat(shop.get(id).statusCode()).isIn(200, 404);
    }
    truth.assertSettledAndTrue();
  }

  private static String cacheStatus(String id) throws IOException, InterruptedException {
    return shop.get(id).headers().firstValue("Cache-Status").orElse("");
  }

  private static String realLines(int count) throws IOException {
    try (var reader =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(REAL_CATALOGUE)), UTF_8))) {
      return reader.lines().limit(count).collect(Collectors.joining("\n"));
    }
  }

  private static String generatedLines(int count) {
    return IntStream.range(0, count)
        .mapToObj(
            n ->
                """
                {"id":"generated-%d","name":"Product %d","description":"The %dth of its kind","price":%d.25,"currency":"EUR","attributes":{"n":%d}}\
                """
                    .formatted(n, n, n, n, n))
        .collect(Collectors.joining("\n"));
  }
}
