package dev.tidemark.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.api.RunningService.Answer;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Behaviour of the service while a part is away, and after it is back.
final class OutagesIT {

  private static final String CHAIR = "{'name':'Chair','price':12.5,'currency':'EUR'}";
  private static final String STOOL = "{'name':'Stool','price':7,'currency':'EUR'}";

  @RegisterExtension private static final RunningService api = new RunningService();

  @Test
  void withoutRedisReadsAndWritesGoOn() {
    api.put("/products/redis", CHAIR);
    api.get("/products/redis");
    api.redis().kill();
    try {
      Answer read = api.get("/products/redis");
      assertThat(read.status()).isEqualTo(200);
      assertThat(read.header("Cache-Status")).isEqualTo("tidemark; fwd=bypass");
      Answer written = api.put("/products/redis", STOOL);
      assertThat(written.header("ETag")).isEqualTo("\"2\"");
      assertThat(api.get("/products/redis").text()).isEqualTo(written.text());
      assertThat(api.delete("/products/redis").status()).isEqualTo(204);

      Answer ready = api.admin("/health/ready");
      assertThat(ready.status()).as("no reason to send requests elsewhere").isEqualTo(200);
      assertThat(ready.text()).contains("degraded, all reads go to the database");
      assertThat(api.admin("/status").text()).contains("\"ready\":true", "\"usesRedis\":false");
    } finally {
      api.redis().restart();
    }
    await()
        .untilAsserted(
            () -> {
              api.get("/products/redis");
              assertThat(api.get("/products/redis").header("Cache-Status"))
                  .isEqualTo("tidemark; hit");
            });
  }

  @Test
  void aRedisThatRefusesTheScriptsIsToldWithWhatItTakes() { // H60
    api.put("/products/refused", CHAIR);
    api.get("/products/refused");
    try (var redis = new redis.clients.jedis.Jedis("127.0.0.1", api.redis().port())) {
      redis.aclSetUser("default", "-eval", "-evalsha");
      try {
        Answer ready = api.admin("/health/ready");
        assertThat(ready.status()).as("no reason to send requests elsewhere").isEqualTo(200);
        assertThat(ready.text())
            .contains("degraded, all reads go to the database")
            .contains("NOPERM")
            .contains("Redis 7.0 or newer")
            .contains("+evalsha");
        await()
            .atMost(Duration.ofSeconds(30))
            .until(
                () ->
                    api.get("/products/refused")
                        .header("Cache-Status")
                        .equals("tidemark; fwd=bypass"));
      } finally {
        redis.aclSetUser("default", "+@all");
      }
    }
    assertThat(api.admin("/health/ready").text()).contains("answers, and takes evictions");
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> api.get("/products/refused").header("Cache-Status").equals("tidemark; hit"));
  }

  @Test
  void withoutTheDatabaseCachedReadsGoOnAndTheRestComesBackLater() {
    String cached = api.put("/products/cached", CHAIR).text();
    api.put("/products/uncached", CHAIR);
    api.get("/products/cached");
    api.postgres().kill();
    try {
      Answer hit = api.get("/products/cached");
      assertThat(hit.status()).isEqualTo(200);
      assertThat(hit.text()).isEqualTo(cached);
      for (Answer answer :
          new Answer[] {
            api.get("/products/uncached"),
            api.get("/products"),
            api.put("/products/cached", STOOL),
            api.post("/products", STOOL),
            api.delete("/products/cached")
          }) {
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.problem()).isEqualTo("database-away");
        assertThat(answer.header("Retry-After")).isEqualTo("1");
      }
      Answer imported =
          api.send(
              "POST",
              "/products/import",
              java.net.http.HttpRequest.BodyPublishers.ofString(
                  "{\"id\":\"i\",\"name\":\"A\",\"price\":1,\"currency\":\"EUR\"}"),
              "Content-Type",
              "application/x-ndjson");
      assertThat(imported.status()).isEqualTo(503);
      assertThat(imported.json().get("committedLines").asLong()).isZero();

      Answer ready = api.admin("/health/ready");
      assertThat(ready.status()).isEqualTo(503);
      assertThat(ready.text()).contains("only reads that hit the cache work");
      assertThat(api.admin("/status").text())
          .startsWith("{\"ready\":false,\"reason\":\"database: ");
      assertThat(api.admin("/health/live").status()).isEqualTo(200);
    } finally {
      api.postgres().restart();
    }
    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(
            () -> assertThat(api.put("/products/cached", STOOL).status()).isEqualTo(200));
    assertThat(api.get("/products/uncached").status()).isEqualTo(200);
    assertThat(api.events("cached")).containsExactly("1 product.created", "2 product.updated");
    assertThat(api.admin("/health/ready").status()).isEqualTo(200);
  }

  @Test
  void moreReadsThanTheDatabaseTakesAreToldToComeBack() throws Exception {
    for (int i = 0; i < 40; i++) {
      api.put("/products/crowd-" + i, CHAIR);
    }
    List<Answer> answers = new ArrayList<>();
    try (Connection holder = api.connect();
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      holder.setAutoCommit(false);
      holder.createStatement().execute("lock table product in access exclusive mode");
      List<Future<Answer>> reads =
          IntStream.range(0, 40)
              .mapToObj(i -> threads.submit(() -> api.get("/products/crowd-" + i)))
              .toList();
      await().until(() -> reads.stream().filter(Future::isDone).count() >= 30);
      holder.rollback();
      for (Future<Answer> read : reads) {
        answers.add(read.get());
      }
    }
    List<Answer> shed = answers.stream().filter(answer -> answer.status() == 503).toList();
    assertThat(answers).allMatch(answer -> answer.status() == 200 || answer.status() == 503);
    assertThat(shed).hasSizeBetween(30, 39);
    assertThat(shed).allMatch(answer -> answer.problem().equals("overloaded"));
    assertThat(shed).allMatch(answer -> answer.header("Retry-After").equals("1"));
  }
}
