package dev.tidemark.api.resources;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.api.RunningService;
import dev.tidemark.api.RunningService.Answer;
import java.net.http.HttpRequest.BodyPublishers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Answers of the service without any fault.
final class ProductsIT {

  private static final String CHAIR = "{'name':'Chair','price':12.5,'currency':'EUR'}";
  private static final String STOOL = "{'name':'Stool','price':7,'currency':'EUR'}";

  @RegisterExtension private static final RunningService api = new RunningService();

  @Test
  void aPutCreatesThenReplacesThenFindsNothingToDo() {
    Answer created = api.put("/products/put", CHAIR);
    assertThat(created.status()).isEqualTo(201);
    assertThat(created.header("ETag")).isEqualTo("\"1\"");
    assertThat(created.header("Location")).isEqualTo("/products/put");
    assertThat(created.json().get("price").decimalValue()).isEqualByComparingTo("12.5");

    Answer replaced = api.put("/products/put", STOOL);
    assertThat(replaced.status()).isEqualTo(200);
    assertThat(replaced.header("ETag")).isEqualTo("\"2\"");

    Answer unchanged = api.put("/products/put", STOOL);
    assertThat(unchanged.status()).isEqualTo(200);
    assertThat(unchanged.header("ETag")).isEqualTo("\"2\"");
    assertThat(unchanged.text()).isEqualTo(replaced.text());

    assertThat(api.events("put")).containsExactly("1 product.created", "2 product.updated");
  }

  @Test
  void aPostCreatesOnceAndGivesAnIdWhereNoneWasGiven() {
    Answer named = api.post("/products", "{'id':'post','name':'A','price':1,'currency':'EUR'}");
    assertThat(named.status()).isEqualTo(201);
    assertThat(named.header("Location")).isEqualTo("/products/post");

    Answer again = api.post("/products", "{'id':'post','name':'B','price':1,'currency':'EUR'}");
    assertThat(again.status()).isEqualTo(409);
    assertThat(again.problem()).isEqualTo("product-exists");
    assertThat(again.json().get("version").asLong()).isEqualTo(1);

    Answer generated = api.post("/products", CHAIR);
    assertThat(generated.status()).isEqualTo(201);
    assertThat(api.get(generated.header("Location")).text()).isEqualTo(generated.text());
  }

  @Test
  void aReadIsAMissOnceAndThenAHitOfTheSameBytes() {
    Answer written = api.put("/products/read", CHAIR);
    Answer miss = api.get("/products/read");
    Answer hit = api.get("/products/read");
    assertThat(miss.header("Cache-Status")).isEqualTo("tidemark; fwd=miss; stored");
    assertThat(hit.header("Cache-Status")).isEqualTo("tidemark; hit");
    assertThat(hit.status()).isEqualTo(200);
    assertThat(hit.header("ETag")).isEqualTo("\"1\"");
    assertThat(hit.header("Content-Type")).isEqualTo("application/json");
    assertThat(hit.text()).isEqualTo(miss.text()).isEqualTo(written.text());
  }

  @Test
  void aReaderThatHasTheVersionGetsNoBody() {
    api.put("/products/known", CHAIR);
    for (String tag : new String[] {"\"1\"", "W/\"1\"", "*", "\"7\", \"1\""}) {
      Answer answer = api.get("/products/known", "If-None-Match", tag);
      assertThat(answer.status()).as(tag).isEqualTo(304);
      assertThat(answer.header("ETag")).isEqualTo("\"1\"");
      assertThat(answer.text()).isEmpty();
    }
    assertThat(api.get("/products/known", "If-None-Match", "\"2\"").status()).isEqualTo(200);
  }

  @Test
  void aHeadIsAGetWithoutItsBody() {
    String text = api.put("/products/head", CHAIR).text();
    Answer head = api.send("HEAD", "/products/head", BodyPublishers.noBody());
    assertThat(head.status()).isEqualTo(200);
    assertThat(head.header("Content-Length")).isEqualTo(Integer.toString(text.length()));
    assertThat(head.text()).isEmpty();
  }

  @Test
  void theCountGoesOnThroughADeleteAndARecreation() { // H10
    api.put("/products/again", CHAIR);
    Answer deleted = api.delete("/products/again");
    assertThat(deleted.status()).isEqualTo(204);
    assertThat(deleted.header("ETag")).isEqualTo("\"2\"");
    assertThat(api.get("/products/again").problem()).isEqualTo("product-not-found");
    assertThat(api.delete("/products/again").status()).isEqualTo(404);

    Answer recreated = api.put("/products/again", CHAIR);
    assertThat(recreated.status()).isEqualTo(201);
    assertThat(recreated.header("ETag")).isEqualTo("\"3\"");
    assertThat(api.get("/products/again").text()).isEqualTo(recreated.text());
    api.delete("/products/again");
    assertThat(
            api.post("/products", "{'id':'again','name':'A','price':1,'currency':'EUR'}")
                .header("ETag"))
        .isEqualTo("\"5\"");
    assertThat(api.events("again"))
        .containsExactly(
            "1 product.created",
            "2 product.deleted",
            "3 product.created",
            "4 product.deleted",
            "5 product.created");
  }

  @Test
  void conditionsAreCheckedWhereTheWriteHappens() {
    assertThat(api.put("/products/if", CHAIR, "If-Match", "*").problem())
        .isEqualTo("precondition-failed");
    assertThat(api.put("/products/if", CHAIR, "If-None-Match", "*").status()).isEqualTo(201);
    Answer there = api.put("/products/if", STOOL, "If-None-Match", "*");
    assertThat(there.status()).isEqualTo(412);
    assertThat(there.header("ETag")).isEqualTo("\"1\"");
    assertThat(api.put("/products/if", STOOL, "If-Match", "\"2\"").status()).isEqualTo(412);
    assertThat(api.put("/products/if", STOOL, "If-Match", "W/\"1\"").status()).isEqualTo(412);
    assertThat(api.put("/products/if", STOOL, "If-Match", "\"1\"").status()).isEqualTo(200);
    assertThat(api.put("/products/if", CHAIR, "If-Match", "\"1\", \"2\"").status()).isEqualTo(200);
    assertThat(api.put("/products/if", STOOL, "If-Match", "*").status()).isEqualTo(200);
    assertThat(api.delete("/products/if", "If-Match", "\"3\"").status()).isEqualTo(412);
    assertThat(api.delete("/products/if", "If-Match", "\"4\"").status()).isEqualTo(204);
    assertThat(api.put("/products/if", CHAIR, "If-Match", "\"5\"").status()).isEqualTo(412);
    assertThat(api.events("if")).hasSize(5);
  }

  @Test
  void aWriterMayNameTheVersionsThatItDoesNotWantToReplace() {
    api.put("/products/unless", CHAIR);
    assertThat(api.put("/products/unless", STOOL, "If-None-Match", "W/\"1\"").status())
        .isEqualTo(412);
    assertThat(api.put("/products/unless", STOOL, "If-None-Match", "\"2\"").status())
        .isEqualTo(200);
    assertThat(api.delete("/products/unless", "If-None-Match", "\"2\"").status()).isEqualTo(412);
    assertThat(api.delete("/products/unless", "If-None-Match", "\"1\"").status()).isEqualTo(204);
    assertThat(api.put("/products/unless", CHAIR, "If-None-Match", "\"3\"").status())
        .as("a deleted product has no entity tag")
        .isEqualTo(201);
  }

  @Test
  void aReaderMayNameTheVersionsThatItWants() {
    api.put("/products/wanted", CHAIR);
    assertThat(api.get("/products/wanted", "If-Match", "\"1\"").status()).isEqualTo(200);
    assertThat(api.get("/products/wanted", "If-Match", "*").status()).isEqualTo(200);
    Answer other = api.get("/products/wanted", "If-Match", "\"2\"", "If-None-Match", "\"1\"");
    assertThat(other.problem()).isEqualTo("precondition-failed");
    assertThat(other.header("ETag")).isEqualTo("\"1\"");
    assertThat(api.get("/products/nothing", "If-Match", "\"1\"").status()).isEqualTo(404);
  }

  @Test
  void aConditionOnACallThatKnowsNoneIsRefusedAndNotPassedOver() {
    for (String header : new String[] {"If-Match", "If-None-Match"}) {
      assertThat(api.post("/products", CHAIR, header, "*").problem())
          .isEqualTo("malformed-request");
      assertThat(
              api.send(
                      "POST",
                      "/products/import",
                      BodyPublishers.noBody(),
                      "Content-Type",
                      "application/x-ndjson",
                      header,
                      "*")
                  .problem())
          .isEqualTo("malformed-request");
    }
  }

  @Test
  void optionsTellsWhatAResourceTakes() {
    Answer product = api.send("OPTIONS", "/products/x", BodyPublishers.noBody());
    assertThat(product.status()).isEqualTo(204);
    assertThat(product.header("Allow")).isEqualTo("DELETE, GET, HEAD, OPTIONS, PATCH, PUT");
    assertThat(product.header("Accept-Patch")).isEqualTo("application/merge-patch+json");
    Answer products = api.send("OPTIONS", "/products", BodyPublishers.noBody());
    assertThat(products.header("Allow")).isEqualTo("GET, HEAD, OPTIONS, POST");
    assertThat(products.header("Accept-Patch")).isEmpty();
    assertThat(api.send("OPTIONS", "/nowhere", BodyPublishers.noBody()).status()).isEqualTo(404);
  }

  @Test
  void whatWasReadCanBeWrittenBack() {
    Answer created = api.put("/products/back", CHAIR);
    Answer back = api.put("/products/back", created.text());
    assertThat(back.status()).isEqualTo(200);
    assertThat(back.text()).isEqualTo(created.text());
    assertThat(api.events("back")).hasSize(1);
  }

  @Test
  void attributesAndTextComeBackAsTheyWereMeant() {
    String text =
        "{'name':'Gr\\u00fc\\u00dfe \\ud83d\\ude00','description':'a\\n"
            + "\\tb','price':0,'currency':'JPY',"
            + "'attributes':{'b':[1,2.50,{'c':null}],'a':true,'n':12345678901234567890.5}}";
    Answer answer = api.put("/products/text", text);
    assertThat(answer.status()).isEqualTo(201);
    assertThat(answer.json().get("name").asText()).isEqualTo("Grüße 😀");
    assertThat(answer.json().get("description").asText()).isEqualTo("a\n\tb");
    assertThat(answer.text())
        .contains(
            "\"attributes\":{\"a\": true, \"b\": [1, 2.50, {\"c\": null}], \"n\":"
                + " 12345678901234567890.5}");
  }

  @Test
  void theTraceOfTheRequestGoesIntoTheOutboxRow() {
    String trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    api.put("/products/traced", CHAIR, "traceparent", trace);
    api.put("/products/traced", STOOL, "traceparent", "00-zz");
    assertThat(
            api.texts(
                "select coalesce(traceparent, 'none') from outbox where aggregateid = 'traced'"
                    + " order by version"))
        .containsExactly(trace, "none");
  }

  @Test
  void theEventCarriesExactlyTheProductThatReadsAnswer() {
    api.put("/products/event", CHAIR);
    String answered = api.put("/products/event", STOOL).text();
    assertThat(
            api.texts(
                "select payload::text from outbox where aggregateid = 'event' and version = 2"))
        .containsExactly(answered);
  }

  @Test
  void healthAndMetricsAreOnTheAdminPort() {
    api.get("/products/metrics");
    assertThat(api.admin("/health/live").status()).isEqualTo(200);
    Answer ready = api.admin("/health/ready");
    assertThat(ready.status()).isEqualTo(200);
    assertThat(ready.json().get("checks").findValuesAsText("name"))
        .containsExactlyInAnyOrder("serving", "admission", "database", "redis");
    assertThat(api.admin("/metrics").text())
        .contains("http_server_request_duration_seconds_count{")
        .contains("http_route=\"/products/{id}\"")
        .contains("db_client_connection_count{")
        .contains("cache_requests_total{");
  }

  @Test
  void stateIsOnTheAdminPort() {
    api.get("/products/unknown");
    Answer state = api.admin("/status");
    assertThat(state.status()).isEqualTo(200);
    assertThat(state.json().fieldNames())
        .toIterable()
        .containsExactly("ready", "reason", "redis", "usesRedis", "requests");
    assertThat(state.text())
        .startsWith(
            "{\"ready\":true,\"reason\":\"ready\",\"redis\":\"answers, and takes evictions\",\"usesRedis\":true,");
    assertThat(state.json().at("/requests/miss").asLong()).isPositive();
  }
}
