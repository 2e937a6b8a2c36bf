package dev.tidemark.api.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.api.RawHttp;
import dev.tidemark.api.RunningService;
import dev.tidemark.api.RunningService.Answer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Test that every error has one form and a type that programs can rely on.
final class ErrorsIT {

  private static final String CHAIR = "{'name':'Chair','price':12.5,'currency':'EUR'}";
  private static final String TOKEN = "Bearer s3cret";

  @RegisterExtension
  private static final RunningService api =
      new RunningService("API_TOKEN", "s3cret", "TIDEMARK_API_BODY_LIMIT_BYTES", "2048");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          GET    | /nothing                 | 404 | no-such-resource
          GET    | /products/               | 404 | no-such-resource
          GET    | /products/a/b            | 404 | no-such-resource
          GET    | /products/a%2Fb          | 404 | no-such-resource
          GET    | /products/nobody         | 404 | product-not-found
          GET    | /products/..%20          | 404 | product-not-found
          DELETE | /products/nobody         | 404 | product-not-found
          POST   | /products/nobody         | 405 | method-not-allowed
          DELETE | /products                | 405 | method-not-allowed
          GET    | /products?limit=0        | 400 | malformed-request
          GET    | /products?limit=x        | 400 | malformed-request
          GET    | /products?after=%20      | 400 | malformed-request
          GET    | /products?colour=red     | 400 | malformed-request
          GET    | /products?limit=1&limit=2 | 400 | malformed-request
          GET    | /products?ids=a&limit=1  | 400 | malformed-request
          GET    | /products?ids=           | 400 | malformed-request
          GET    | /products?ids=a,,b       | 400 | malformed-request
          GET    | /products?ids=a,%2F      | 400 | malformed-request
          GET    | /products?ids=a&ids=b    | 400 | malformed-request
          """)
  void aRequestThatCannotBeAnsweredIsTold(String method, String path, int status, String problem) {
    Answer answer = api.send(method, path, BodyPublishers.noBody(), "Authorization", TOKEN);
    assertThat(answer.status()).isEqualTo(status);
    assertThat(answer.problem()).isEqualTo(problem);
    assertThat(answer.json().get("status").asInt()).isEqualTo(status);
    assertThat(answer.json().get("title").asText()).isNotBlank();
    assertThat(answer.json().get("detail").asText()).isNotBlank();
  }

  @Test
  void theMethodsThatAreAllowedAreNamed() {
    assertThat(api.send("POST", "/products/x", BodyPublishers.noBody()).header("Allow"))
        .isEqualTo("DELETE, GET, HEAD, OPTIONS, PATCH, PUT");
    assertThat(api.send("PATCH", "/products", BodyPublishers.noBody()).header("Allow"))
        .isEqualTo("GET, HEAD, OPTIONS, POST");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {'price':1,'currency':'EUR'}                            | name        | is required
          {'name':'','price':1,'currency':'EUR'}                  | name        | must have 1 to 300 characters, not 0
          {'name':7,'price':1,'currency':'EUR'}                   | name        | must be a string
          {'name':'A\\u0000','price':1,'currency':'EUR'}          | name        | must not contain NUL or half of a surrogate pair
          {'name':'A','price':-0.01,'currency':'EUR'}             | price       | must be from 0 to 999999999999.99, with 2 decimals at most
          {'name':'A','price':'1','currency':'EUR'}               | price       | must be a number
          {'name':'A','price':1,'currency':'eur'}                 | currency    | must be a code of ISO 4217, like EUR
          {'name':'A','price':1,'currency':'EUR','attributes':[]} | attributes  | must be an object
          {'name':'A','price':1,'currency':'EUR','colour':'red'}  | colour      | is not a field of a product
          {'id':'other','name':'A','price':1,'currency':'EUR'}    | id          | must be that of the path
          """)
  void aProductThatBreaksARuleIsToldWithFieldAndRule(String json, String field, String rule) {
    Answer answer = api.put("/products/rules", json, "Authorization", TOKEN);
    assertThat(answer.status()).isEqualTo(422);
    assertThat(answer.problem()).isEqualTo("invalid-product");
    assertThat(answer.json().get("errors")).hasSize(1);
    assertThat(answer.json().get("errors").get(0).get("field").asText()).isEqualTo(field);
    assertThat(answer.json().get("errors").get(0).get("rule").asText()).isEqualTo(rule);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          ``
          []
          {'name':'A'
          {'name':'A','name':'B'}
          {'name':'A'} x
          {'name':NaN}
          """)
  void whatIsNotAJsonObjectIsTold(String json) {
    Answer answer = api.put("/products/json", json, "Authorization", TOKEN);
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.problem()).isEqualTo("malformed-json");
  }

  @Test
  void bytesThatAreNoUtf8AreTold() {
    byte[] bytes = "{\"name\":\"\u00e9\"}".getBytes(StandardCharsets.ISO_8859_1);
    Answer answer =
        api.send(
            "PUT",
            "/products/utf8",
            BodyPublishers.ofByteArray(bytes),
            "Content-Type",
            "application/json",
            "Authorization",
            TOKEN);
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.problem()).isEqualTo("malformed-json");
  }

  @Test
  void aHeadOfAnErrorHasItsHeadersAndNoBody() throws IOException {
    String answers =
        RawHttp.exchange(
            api.service().port(),
            "HEAD /products/nobody HTTP/1.1",
            "Host: x",
            "",
            "DELETE /nowhere HTTP/1.1",
            "Host: x",
            "Connection: close",
            "");
    assertThat(answers)
        .startsWith("HTTP/1.1 404")
        .containsOnlyOnce("{\"type\"")
        .containsPattern("\r\n\r\nHTTP/1.1 404");
  }

  @Test
  void anInvalidIdIsTold() {
    Answer answer = api.put("/products/a%20b", CHAIR, "Authorization", TOKEN);
    assertThat(answer.status()).isEqualTo(422);
    assertThat(answer.json().get("errors").get(0).get("field").asText()).isEqualTo("id");
  }

  @Test
  void aBodyOverTheLimitIsRefusedWhetherItsLengthIsToldOrNot() {
    byte[] large = new byte[2049];
    Answer told =
        api.send(
            "PUT",
            "/products/large",
            BodyPublishers.ofByteArray(large),
            "Content-Type",
            "application/json",
            "Authorization",
            TOKEN);
    Answer streamed =
        api.send(
            "PUT",
            "/products/large",
            BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(large)),
            "Content-Type",
            "application/json",
            "Authorization",
            TOKEN);
    assertThat(told.status()).isEqualTo(413);
    assertThat(told.problem()).isEqualTo("body-too-large");
    assertThat(streamed.status()).isEqualTo(413);
    assertThat(streamed.problem()).isEqualTo("body-too-large");
  }

  @ParameterizedTest
  @CsvSource({
    "PUT,  /products/type,   text/plain",
    "PUT,  /products/type,   application/json;charset=latin1",
    "PATCH, /products/type,  application/json",
    "POST, /products/import, application/json"
  })
  void aBodyOfAnotherTypeIsRefused(String method, String path, String type) {
    Answer answer =
        api.send(
            method,
            path,
            BodyPublishers.ofString("{}"),
            "Content-Type",
            type,
            "Authorization",
            TOKEN);
    assertThat(answer.status()).isEqualTo(415);
    assertThat(answer.problem()).isEqualTo("unsupported-media-type");
  }

  @Test
  void aBodyInAnUnknownEncodingIsRefused() {
    Answer answer =
        api.put("/products/br", CHAIR, "Content-Encoding", "br", "Authorization", TOKEN);
    assertThat(answer.status()).isEqualTo(415);
    assertThat(answer.problem()).isEqualTo("unsupported-media-type");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          If-Match      | 42
          If-Match      | "1" "2"
          If-None-Match | 1
          """)
  void aConditionOutOfFormIsTold(String header, String value) {
    Answer answer = api.put("/products/condition", CHAIR, header, value, "Authorization", TOKEN);
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.problem()).isEqualTo("malformed-request");
  }

  @ParameterizedTest
  @CsvSource({"0", "-1", "x", "9007199254740992"})
  void aMinimumVersionOutOfRangeIsTold(String version) {
    Answer answer = api.get("/products/any", "Min-Version", version);
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.problem()).isEqualTo("malformed-request");
  }

  @Test
  void aVersionThatWasNeverCommittedIsTold() {
    api.put("/products/min", CHAIR, "Authorization", TOKEN);
    Answer answer = api.get("/products/min", "Min-Version", "2");
    assertThat(answer.status()).isEqualTo(412);
    assertThat(answer.problem()).isEqualTo("version-not-reached");
    assertThat(answer.json().get("version").asLong()).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({"''", "Bearer", "Bearer s3cre", "Bearer s3crets", "Basic s3cret"})
  void writersMustShowTheToken(String authorization) {
    String[] header =
        authorization.isEmpty() ? new String[0] : new String[] {"Authorization", authorization};
    for (Answer answer :
        new Answer[] {
          api.put("/products/token", CHAIR, header),
          api.post("/products", CHAIR, header),
          api.delete("/products/token", header),
          api.send("POST", "/products/import", BodyPublishers.noBody(), header)
        }) {
      assertThat(answer.status()).isEqualTo(401);
      assertThat(answer.problem()).isEqualTo("unauthorized");
      assertThat(answer.header("WWW-Authenticate")).isEqualTo("Bearer");
    }
    assertThat(api.get("/products/token").status()).isEqualTo(404);
  }

  @Test
  void theWordBearerMayBeWrittenInAnyCase() {
    assertThat(api.put("/products/case", CHAIR, "Authorization", "bearer s3cret").status())
        .isEqualTo(201);
  }

  @Test
  void whatIsNoHttpIsToldToo() throws IOException {
    assertThat(RawHttp.exchange(api.service().port(), "GET /products/%zz HTTP/1.1", "Host: x", ""))
        .startsWith("HTTP/1.1 400")
        .contains("urn:tidemark:problem:malformed-request");
  }

  @Test
  void aFailureInsideIsToldWithoutItsInsides() {
    api.sql().useHandle(handle -> handle.execute("alter table product rename to hidden"));
    try {
      Answer answer = api.get("/products/inside");
      assertThat(answer.status()).isEqualTo(500);
      assertThat(answer.problem()).isEqualTo("internal");
      assertThat(answer.text()).doesNotContain("hidden", "Exception", "relation");
    } finally {
      api.sql().useHandle(handle -> handle.execute("alter table hidden rename to product"));
    }
  }
}
