package dev.tidemark.api.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.tidemark.api.ApiProcess;
import dev.tidemark.api.RunningService;
import dev.tidemark.api.RunningService.Answer;
import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.cache.redis.RedisSettings;
import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.embedded.PostgresServer;
import dev.tidemark.embedded.PostgresStandby;
import dev.tidemark.service.settings.DatabaseUrl;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// Test of a database that is a server in recovery: its data may be behind, and are not cached.
final class StandbyIT { // H53

  private static final String CHAIR = "{'name':'Chair','price':12.5,'currency':'EUR'}";
  private static final String STOOL = "{'name':'Stool','price':7,'currency':'EUR'}";

  @RegisterExtension private static final RunningService api = new RunningService();

  @TempDir private Path folder;

  @Test
  void itIsRefusedAtTheStartAndNothingIsReadFromIt_H53() throws Exception {
    api.put("/products/copied", CHAIR);
    try (PostgresServer standby =
        PostgresStandby.start(api.postgres(), folder.resolve("standby"), 0, Map.of())) {
      Map<String, String> environment = ApiProcess.environment(api);
      environment.put("DATABASE_URL", standby.url());
      try (ApiProcess process = ApiProcess.start(folder.resolve("log"), environment)) {
        assertThat(process.process().waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.process().exitValue()).isEqualTo(1);
        assertThat(process.logged())
            .contains("product-api cannot start: DATABASE_URL leads to a standby")
            .contains("needs the primary");
      }
      // A pooler that leads there only now has the same effect: the connection was not refused.
      ProductStore store =
          new ProductStore(Jdbi.create(DatabaseUrl.parse(standby.url()).dataSource("pooled")));
      assertThatThrownBy(() -> store.find("copied")).satisfies(StandbyIT::isStandby);
      assertThatThrownBy(() -> store.find("never")).satisfies(StandbyIT::isStandby);
      assertThatThrownBy(() -> store.findAll(List.of("never"))).satisfies(StandbyIT::isStandby);
      assertThatThrownBy(() -> store.page("", 1, 1)).satisfies(StandbyIT::isStandby);
    }
  }

  private static void isStandby(Throwable thrown) {
    assertThat(((DatabaseFault) thrown).kind()).isEqualTo(DatabaseFault.Kind.STANDBY);
  }

  @Test
  void aDemotionIsNoticedWhileRunningAndAPromotionToo_H53() throws Exception {
    api.put("/products/demoted", CHAIR);
    api.put("/products/hit", CHAIR);
    api.get("/products/hit");
    try (RedisConnection redis =
        RedisConnection.open(
            api.redis().url(), RedisSettings.defaults().withTimeout(Duration.ofSeconds(2)))) {
      EntryStore entries = redis.entries();
      entries.evictByForce("product:demoted");
      String dataDirectory = api.texts("show data_directory").getFirst();
      api.postgres().stop();
      Files.createFile(Path.of(dataDirectory).resolve("standby.signal"));
      api.postgres().restart();
      assertThat(api.texts("select pg_is_in_recovery()")).containsExactly("t");
      // The pool hands out a session that was used in the last half second without testing it. The
      // restart breaks such a session, and its request gets the answer that the database went away.
      await()
          .atMost(Duration.ofSeconds(10))
          .pollDelay(Duration.ofMillis(600))
          .untilAsserted(() -> assertThat(api.get("/products/demoted").text()).contains("standby"));

      List<Answer> answers =
          List.of(
              api.get("/products/demoted"),
              api.get("/products/demoted", "Cache-Control", "no-cache"),
              api.get("/products?ids=demoted,hit"),
              api.get("/products?limit=1"),
              api.put("/products/demoted", STOOL),
              api.patch("/products/demoted", "{'price':8}"),
              api.delete("/products/demoted"),
              api.post("/products", STOOL, "Idempotency-Key", "demoted"),
              api.send(
                  "POST",
                  "/products/import",
                  BodyPublishers.ofString(
                      "{\"id\":\"i\",\"name\":\"A\",\"price\":1,\"currency\":\"EUR\"}"),
                  "Content-Type",
                  "application/x-ndjson"));
      assertThat(answers)
          .allSatisfy(
              answer -> {
                assertThat(answer.status()).isEqualTo(503);
                assertThat(answer.problem()).isEqualTo("database-away");
                assertThat(answer.header("Retry-After")).isEqualTo("1");
                assertThat(answer.json().get("detail").asText()).contains("standby");
              });
      assertThat(redis.client().get("product:demoted"))
          .as("no value was filled")
          .satisfies(entry -> assertThat(String.valueOf(entry)).doesNotStartWith("V"));
      assertThat(api.get("/products/hit").status()).isEqualTo(200);
      assertThat(api.admin("/health/ready").text()).contains("leads to a standby");
      assertThat(api.admin("/health/ready").status()).isEqualTo(503);
    }
    PostgresStandby.promote(api.postgres());
    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(
            () ->
                assertThat(api.put("/products/demoted", STOOL).header("ETag")).isEqualTo("\"2\""));
    assertThat(api.admin("/health/ready").status()).isEqualTo(200);
  }
}
