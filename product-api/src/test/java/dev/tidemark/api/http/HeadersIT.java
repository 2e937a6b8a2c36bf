package dev.tidemark.api.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.api.RawHttp;
import dev.tidemark.api.RunningService;
import dev.tidemark.api.RunningService.Answer;
import dev.tidemark.api.Service;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Test of answers on the wire, according to RFC 9110.
final class HeadersIT {

  private static final String CHAIR = "{'name':'Chair','price':12.5,'currency':'EUR'}";

  @RegisterExtension private static final RunningService api = new RunningService();

  private static String exchange(String firstLine, String... headers) throws IOException {
    List<String> lines = new java.util.ArrayList<>(List.of(firstLine + " HTTP/1.1", "Host: x"));
    lines.addAll(List.of(headers));
    lines.addAll(List.of("Connection: close", ""));
    return RawHttp.exchange(api.service().port(), lines.toArray(String[]::new));
  }

  @Test
  void anAnswerWithoutABodyHasNoLength() throws IOException {
    api.put("/products/bare", CHAIR);
    for (String answer :
        List.of(
            exchange("GET /products/bare", "If-None-Match: \"1\""),
            exchange("HEAD /products/bare", "If-None-Match: \"1\""),
            exchange("OPTIONS /products/bare"),
            exchange("DELETE /products/bare"))) {
      assertThat(answer)
          .containsPattern("^HTTP/1.1 (204|304) ")
          .endsWith("\r\n\r\n")
          .doesNotContainIgnoringCase("content-length", "transfer-encoding");
    }
  }

  /// The connection can be used for the next request.
  @Test
  void afterAnAnswerWithoutABodyComesTheNext() throws IOException {
    api.put("/products/next", CHAIR);
    String first = "GET /products/next HTTP/1.1\r\nHost: x\r\nIf-None-Match: \"1\"\r\n\r\n";
    String answer =
        RawHttp.exchange(
            api.service().port(),
            first + first + "GET /products/next HTTP/1.1",
            "Host: x",
            "Connection: close",
            "");
    assertThat(answer).containsPattern("(?s)^HTTP/1.1 304 .*HTTP/1.1 304 .*HTTP/1.1 200 .*Chair");
  }

  @Test
  void theStartLeadsOn() {
    Answer start = api.get("/");
    assertThat(start.status()).isEqualTo(200);
    assertThat(api.get(start.json().get("openapi").asText()).status()).isEqualTo(200);
    assertThat(api.get(start.json().get("products").asText()).status()).isEqualTo(200);
    assertThat(start.header("Link")).isEqualTo("</openapi>; rel=\"service-desc\"");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/?a=1",
        "/openapi?a=1",
        "/products/strict?fields=name",
        "/products/strict?replace=true",
        "/products?limits=1",
        "/products?ids=a&limit=1"
      })
  void aParameterThatIsNotKnownIsRefused(String path) {
    api.put("/products/strict", CHAIR);
    assertThat(api.get(path).problem()).isEqualTo("malformed-request");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ids=",
        "ids=,a",
        "ids=a,",
        "ids=a,,b",
        "limit=%D9%A3",
        "limit=+3",
        "limit=03",
        "limit=1001",
        "limit=10000000000",
        "limit="
      })
  void aParameterThatIsNotInItsFormIsRefused(String query) {
    assertThat(api.get("/products?" + query).problem()).isEqualTo("malformed-request");
  }

  @Test
  void aMinimumVersionIsOne() throws IOException {
    api.put("/products/one", CHAIR);
    assertThat(exchange("GET /products/one", "Min-Version: 1", "Min-Version: 1"))
        .startsWith("HTTP/1.1 400");
    assertThat(exchange("GET /products/one", "Min-Version: \u0661")).startsWith("HTTP/1.1 400");
    assertThat(exchange("GET /products/one", "Min-Version: 1")).startsWith("HTTP/1.1 200");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "no-cache                | request",
        "max-age=0, NO-CACHE     | request",
        "no-cache=\"ETag\"       | request",
        "x-no-cache-y            | other",
        "max-age=0               | other"
      })
  void noCacheIsADirectiveOfItsOwn(String header, String why) {
    api.put("/products/directive", CHAIR);
    String status = api.get("/products/directive", "Cache-Control", header).header("Cache-Status");
    assertThat(status.contains("fwd=request")).as(status).isEqualTo(why.equals("request"));
  }

  @Test
  void aWriteWithAParameterThatIsNotKnownIsRefusedAndNotDone() {
    assertThat(api.put("/products/unwritten?dry-run=true", CHAIR).problem())
        .isEqualTo("malformed-request");
    assertThat(api.post("/products?dry-run=true", CHAIR).problem()).isEqualTo("malformed-request");
    assertThat(api.get("/products/unwritten").status()).isEqualTo(404);
  }

  @Test
  void pagesOfOtherOriginsMayReadNothingUnlessConfigured() throws IOException {
    assertThat(exchange("GET /products/none", "Origin: https://shop.example"))
        .doesNotContainIgnoringCase("access-control");
    assertThat(exchange("OPTIONS /products/none", "Origin: https://shop.example"))
        .doesNotContainIgnoringCase("access-control");
  }

  @Test
  void pagesOfAnOriginThatIsNamedMayReadAndWrite() throws IOException {
    RunningService named =
        api.beside("TIDEMARK_API_CORS_ORIGINS", "https://shop.example, http://localhost:3000");
    try (Service service = named.service()) {
      String[] asked = {"Host: x", "Origin: https://shop.example", "Connection: close", ""};
      assertThat(RawHttp.exchange(service.port(), with("GET /products/none HTTP/1.1", asked)))
          .startsWith("HTTP/1.1 404")
          .containsIgnoringCase("Access-Control-Allow-Origin: https://shop.example\r\n")
          .contains("Vary: Origin");
      assertThat(RawHttp.exchange(service.port(), with("GET /products HTTP/1.1", asked)))
          .contains("Vary: Origin", "Accept-Encoding");
      assertThat(RawHttp.exchange(service.port(), with("OPTIONS /products/none HTTP/1.1", asked)))
          .startsWith("HTTP/1.1 204")
          .containsIgnoringCase(
              "Access-Control-Allow-Methods: DELETE, GET, HEAD, OPTIONS, PATCH, PUT")
          .contains("If-Match", "Authorization");
      asked[1] = "Origin: https://other.example";
      assertThat(RawHttp.exchange(service.port(), with("GET /products/none HTTP/1.1", asked)))
          .doesNotContainIgnoringCase("access-control");
    }
  }

  private static String[] with(String first, String... others) {
    return Stream.concat(Stream.of(first), Stream.of(others)).toArray(String[]::new);
  }

  @Test
  void metricsTellTheScheme() {
    api.get("/products/none");
    assertThat(api.admin("/metrics").text()).contains("url_scheme=\"http\"");
  }
}
