package dev.tidemark.api.resources;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.api.RunningService;
import dev.tidemark.api.RunningService.Answer;
import dev.tidemark.api.Service;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Tests of `POST /products` with `Idempotency-Key`.
final class IdempotencyIT {

  private static final String CHAIR = "{'name':'Chair','price':12.5,'currency':'EUR'}";
  private static final String STOOL = "{'name':'Stool','price':7,'currency':'EUR'}";
  private static final String KEY = "Idempotency-Key";

  @RegisterExtension private static final RunningService api = new RunningService();

  private static void assertReplays(Answer again, Answer first) {
    assertThat(again.status()).isEqualTo(201);
    assertThat(again.header("Location")).isEqualTo(first.header("Location"));
    assertThat(again.header("ETag")).isEqualTo(first.header("ETag"));
    assertThat(again.text()).isEqualTo(first.text());
    assertThat(again.header("Idempotency-Replayed")).isEqualTo("true");
  }

  @Test
  void theSameRequestAgainIsAnsweredTheSameAndDoesNothing() {
    Answer first = api.post("/products", CHAIR, KEY, "\"again\"");
    assertThat(first.status()).isEqualTo(201);
    assertThat(first.header("Idempotency-Replayed")).isEmpty();
    String id = first.json().get("id").asText();
    api.put("/products/" + id, STOOL);
    assertReplays(api.post("/products", CHAIR, KEY, "\"again\""), first);
    assertReplays(api.post("/products", CHAIR, KEY, "again"), first);
    assertThat(api.events(id)).containsExactly("1 product.created", "2 product.updated");
    assertThat(api.get("/products/" + id).header("ETag")).isEqualTo("\"2\"");
  }

  @Test
  void aKeyIsForOneBody() {
    api.post("/products", CHAIR, KEY, "one-body");
    Answer other = api.post("/products", STOOL, KEY, "one-body");
    assertThat(other.status()).isEqualTo(422);
    assertThat(other.problem()).isEqualTo("idempotency-key-reused");
    assertThat(api.post("/products", STOOL, KEY, "other-body").status()).isEqualTo(201);
  }

  @Test
  void whatFailedHasUsedNoKey() {
    api.put("/products/taken", CHAIR);
    String named = "{'id':'taken','name':'A','price':1,'currency':'EUR'}";
    assertThat(api.post("/products", named, KEY, "failed").problem()).isEqualTo("product-exists");
    assertThat(api.post("/products", "{}", KEY, "failed").problem()).isEqualTo("invalid-product");
    api.delete("/products/taken");
    Answer created = api.post("/products", named, KEY, "failed");
    assertThat(created.header("ETag")).isEqualTo("\"3\"");
    assertReplays(api.post("/products", named, KEY, "failed"), created);
  }

  @Test
  void ofManyAtOnceOneIsCarriedOutAndAllGetItsAnswer() throws Exception {
    for (String body : List.of(CHAIR, "{'id':'many','name':'A','price':1,'currency':'EUR'}")) {
      String key = "many-" + body.length();
      try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
        List<Callable<Answer>> requests =
            IntStream.range(0, 20)
                .<Callable<Answer>>mapToObj(i -> () -> api.post("/products", body, KEY, key))
                .toList();
        List<Answer> answers = threads.invokeAll(requests).stream().map(Future::resultNow).toList();
        assertThat(answers).allMatch(answer -> answer.status() == 201);
        assertThat(answers).extracting(Answer::text).containsOnly(answers.getFirst().text());
        assertThat(answers)
            .filteredOn(answer -> answer.header("Idempotency-Replayed").isEmpty())
            .hasSize(1);
        assertThat(api.events(answers.getFirst().json().get("id").asText())).hasSize(1);
      }
    }
  }

  @Test
  void theAnswerIsRememberedExactlyWhenTheProductIsWritten() {
    api.sql()
        .useHandle(
            handle ->
                handle.execute(
                    "alter table idempotency_key add constraint no_lost check (key <> 'lost') not valid"));
    try {
      assertThat(
              api.post(
                      "/products",
                      "{'id':'lost','name':'A','price':1,'currency':'EUR'}",
                      KEY,
                      "lost")
                  .status())
          .isEqualTo(422);
      assertThat(api.get("/products/lost").status()).isEqualTo(404);
      assertThat(api.events("lost")).isEmpty();
    } finally {
      api.sql().useHandle(h -> h.execute("alter table idempotency_key drop constraint no_lost"));
    }
  }

  @Test
  void aKeyIsForgottenAfterADay() {
    Answer first = api.post("/products", CHAIR, KEY, "day");
    api.post("/products", CHAIR, KEY, "fresh");
    api.sql()
        .useHandle(
            handle ->
                handle.execute(
                    "update idempotency_key set created_at = created_at - interval '25 hours' where key = 'day'"));
    try (Service _ = api.beside().service()) {
      await()
          .untilAsserted(
              () ->
                  assertThat(api.texts("select key from idempotency_key"))
                      .contains("fresh")
                      .doesNotContain("day"));
    }
    Answer anew = api.post("/products", CHAIR, KEY, "day");
    assertThat(anew.header("Location")).isNotEqualTo(first.header("Location"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "two words", "\"\"", "\"a"})
  void aKeyOutOfFormIsTold(String key) {
    assertThat(api.post("/products", CHAIR, KEY, key).problem()).isEqualTo("malformed-request");
  }

  @Test
  void theKeyMayHave255Characters() {
    assertThat(api.post("/products", CHAIR, KEY, "k".repeat(255)).status()).isEqualTo(201);
    assertThat(api.post("/products", CHAIR, KEY, "k".repeat(256)).status()).isEqualTo(400);
  }
}
