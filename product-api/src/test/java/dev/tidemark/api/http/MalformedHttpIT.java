package dev.tidemark.api.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.tidemark.api.RawHttp;
import dev.tidemark.api.RunningService;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Malformed requests that no client library would send: each has its answer, and the connection is
/// closed if the beginning of the next request is unknown.
final class MalformedHttpIT {

  private static final String CHAIR = "{\"name\":\"A\",\"price\":1,\"currency\":\"EUR\"}";

  @RegisterExtension private static final RunningService api = new RunningService();

  private static String[] get(String target, String... headers) {
    return request("GET " + target + " HTTP/1.1", "", headers);
  }

  private static String[] put(String body, String... headers) {
    return request("PUT /products/raw HTTP/1.1", body, headers);
  }

  private static String[] request(String firstLine, String body, String... headers) {
    List<String> lines = new ArrayList<>(List.of(firstLine, "Host: x", "Connection: close"));
    lines.addAll(List.of(headers));
    lines.add("");
    lines.add(body);
    return lines.toArray(String[]::new);
  }

  private static String repeated(String text, int times) {
    return text.repeat(times);
  }

  static Stream<Arguments> malformed() {
    String json = "Content-Type: application/json";
    String chunked = "Transfer-Encoding: chunked";
    return Stream.of(
        arguments("no HTTP", 400, new String[] {"hello", ""}),
        arguments("control characters", 400, new String[] {"\u0000\u0001\u0002", ""}),
        arguments(
            "chunks of HTTP/1.0",
            400,
            request("PUT /products/raw HTTP/1.0", "0\r\n", json, chunked)),
        arguments("HTTP/3", 400, request("GET / HTTP/3", "")),
        arguments("lines that end with LF only", 400, new String[] {"GET / HTTP/1.1\nHost: x\n\n"}),
        arguments("a method that is none", 400, request("G(T / HTTP/1.1", "")),
        arguments("a method in lower case", 400, request("get /products/x HTTP/1.1", "")),
        arguments("a method of HTTP/1.0 in lower case", 400, request("get / HTTP/1.0", "")),
        arguments("a long first line", 400, get("/products/" + repeated("a", 20_000))),
        arguments("a first line without end", 400, new String[] {repeated("a", 20_000)}),
        arguments("no Host", 400, new String[] {"GET /products/x HTTP/1.1", ""}),
        arguments("two Hosts", 400, get("/", "Host: y")),
        arguments("a header without a colon", 400, get("/", "nothing")),
        arguments("a header name with a space", 400, get("/", "X A: b")),
        arguments("a header value with NUL", 400, get("/", "X: a\u0000b")),
        arguments("a header over two lines", 400, get("/", "X: a\r\n b")),
        arguments("a long header", 400, get("/", "X: " + repeated("b", 40_000))),
        arguments("many headers", 400, get("/", repeated("X: b\r\n", 5000) + "Y: c")),
        arguments("braces in the path", 400, get("/products/{}")),
        arguments("half an escape in the path", 400, get("/products/%z")),
        arguments("half an escape in the query", 400, get("/products?limit=%z")),
        arguments("a negative length", 400, put(CHAIR, json, "Content-Length: -1")),
        arguments("a length that is none", 400, put(CHAIR, json, "Content-Length: x")),
        arguments("a huge length", 400, put(CHAIR, json, "Content-Length: 99999999999999999999")),
        arguments("a large length", 413, put(CHAIR, json, "Content-Length: 9999999999")),
        arguments("two lengths", 400, put(CHAIR, json, "Content-Length: 9", "Content-Length: 2")),
        arguments("length and chunks", 400, put("0\r\n", json, "Content-Length: 39", chunked)),
        arguments("an unknown framing", 400, put("0\r\n", json, "Transfer-Encoding: x, chunked")),
        arguments("a chunk of no size", 400, put("zz\r\n", json, chunked)),
        arguments("a chunk of negative size", 400, put("-5\r\nhello\r\n0\r\n", json, chunked)),
        arguments("a long chunk extension", 400, put("27;" + repeated("a", 5000), json, chunked)),
        arguments(
            "an extension of no chunk",
            400,
            put("27\r\n" + CHAIR + "\r\n0\r\n;a\r\n", json, chunked)),
        arguments("trailers", 400, put("27\r\n" + CHAIR + "\r\n0\r\nX: y\r\n", json, chunked)),
        arguments(
            "another charset", 415, put(CHAIR, json + "; charset=latin1", "Content-Length: 39")),
        arguments("half a charset", 415, put(CHAIR, json + "; charset=\"", "Content-Length: 39")),
        arguments("half a parameter", 415, put(CHAIR, json + "; charset", "Content-Length: 39")),
        arguments(
            "another encoding",
            415,
            put(CHAIR, json, "Content-Encoding: br", "Content-Length: 39")),
        arguments(
            "two least versions", 400, get("/products/x", "Min-Version: 1", "Min-Version: 2")),
        arguments("digits that are no ASCII", 400, get("/products?limit=%D9%A1")),
        arguments("a digit that is wide", 400, get("/products?limit=%EF%BC%91")),
        arguments("an empty id", 400, get("/products?ids=,a")),
        arguments("a parameter of a path", 404, get("/products/a;v=1")),
        arguments(
            "a parameter of an import's path",
            404,
            request("POST /products/import;v=1 HTTP/1.1", "")),
        arguments("an escaped slash before an id", 404, get("/products%2Fa")),
        arguments("a type that is none", 415, put(CHAIR, "Content-Type: ;", "Content-Length: 39")),
        arguments(
            "half a type", 415, put(CHAIR, "Content-Type: a/b; charset=\"", "Content-Length: 39")),
        arguments("no type", 415, put(CHAIR, "Content-Length: 39")),
        arguments("a tunnel", 404, request("CONNECT example:443 HTTP/1.1", "")),
        arguments("an echo", 405, request("TRACE /products/x HTTP/1.1", "")),
        arguments("dots", 404, get("/products/%2e%2e")),
        arguments("an escaped slash", 404, get("/products/a%2Fb")),
        arguments("an escaped NUL", 404, get("/products/a%00b")),
        arguments("an escaped newline", 404, get("/products/a%0Ab")),
        arguments("escaped braces", 404, get("/products/%7B%7D")),
        arguments("an escape that is no UTF-8", 404, get("/products/%ff")),
        arguments("bytes that are no ASCII", 404, get("/products/\u00e9")));
  }

  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("malformed")
  void itIsToldAndTheConnectionEnds(String what, int status, String[] lines) throws IOException {
    String answer = RawHttp.exchange(api.service().port(), lines);
    assertThat(answer)
        .startsWith("HTTP/1.1 " + status + " ")
        .contains("Connection: close\r\n", "Content-Type: application/problem+json\r\n")
        .matches(MalformedHttpIT::isOneAnswer, "is one answer")
        .contains("\"type\":\"urn:tidemark:problem:", "\"status\":" + status)
        .doesNotContain("Exception", "java", "helidon");
  }

  private static boolean isOneAnswer(String text) {
    return java.util.regex.Pattern.compile("HTTP/1.1 \\d{3} ").matcher(text).results().count() == 1;
  }

  /// Otherwise a gateway could be bypassed with a request that it has not seen.
  @ParameterizedTest
  @CsvSource({
    "PUT /products/raw, 9999999, X: y, 413",
    "PUT /nowhere,      200000,  X: y, 404",
    "PUT /nowhere,      200,     Expect: 100-continue, 404",
    "GET /products/raw, 200,     Expect: 100-continue, 404",
    "GET /openapi,      200,     Expect: 100-continue, 200",
    "GET /openapi,      200000,  X: y, 200",
  })
  void theRestOfABodyIsNeverTakenForARequest(String request, int length, String header, int status)
      throws IOException {
    String hidden =
        new String(
            RawHttp.bytes(
                "PUT /products/hidden HTTP/1.1",
                "Host: x",
                "Content-Type: application/json",
                "Content-Length: " + CHAIR.length(),
                "",
                CHAIR),
            StandardCharsets.US_ASCII);
    String answer =
        RawHttp.exchange(
            api.service().port(),
            request + " HTTP/1.1",
            "Host: x",
            "Content-Type: application/json",
            "Content-Length: " + length,
            header,
            "",
            hidden,
            "");
    assertThat(answer)
        .startsWith("HTTP/1.1 " + status + " ")
        .matches(MalformedHttpIT::isOneAnswer, "is one answer");
    assertThat(api.get("/products/hidden", "Cache-Control", "no-cache").status()).isEqualTo(404);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "application/json;",
        "application/json; charset=utf8",
        "Application/JSON;charset=\"UTF-8\"",
        "application/json ; profile=x ; charset=utf-8",
      })
  void aTypeIsTakenAsItIsMeant(String type) {
    assertThat(
            api.send("PUT", "/products/typed", BodyPublishers.ofString(CHAIR), "Content-Type", type)
                .status())
        .isBetween(200, 201);
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "GZIP", "X-Gzip"})
  void anEncodingIsTheSameInCapitals(String encoding) throws IOException {
    ByteArrayOutputStream zipped = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(zipped)) {
      gzip.write(CHAIR.getBytes(StandardCharsets.US_ASCII));
    }
    assertThat(
            api.send(
                    "PUT",
                    "/products/zipped",
                    BodyPublishers.ofByteArray(zipped.toByteArray()),
                    "Content-Type",
                    "application/json",
                    "Content-Encoding",
                    encoding)
                .status())
        .isBetween(200, 201);
  }

  @Test
  void extensionsOfChunksArePassedOver() throws IOException {
    assertThat(
            RawHttp.exchange(
                api.service().port(),
                request(
                    "PUT /products/extended HTTP/1.1",
                    "13;a=b\r\n"
                        + CHAIR.substring(0, 0x13)
                        + "\r\n14 ; c=\"d\"\r\n"
                        + CHAIR.substring(0x13)
                        + "\r\n0;last\r\n",
                    "Content-Type: application/json",
                    "Transfer-Encoding: chunked")))
        .matches("(?s)HTTP/1.1 20[01] .*");
  }

  @Test
  void aDirectiveThatContainsNoCacheIsAnotherOne() {
    api.put("/products/directive", CHAIR);
    api.get("/products/directive");
    assertThat(
            api.get("/products/directive", "Cache-Control", "x-no-cache-y").header("Cache-Status"))
        .isEqualTo("tidemark; hit");
  }

  static Stream<Arguments> http10() {
    return Stream.of(
        arguments("GET /products/old HTTP/1.0", 200, new String[] {}),
        arguments("GET /products/old HTTP/1.0", 200, new String[] {"Connection: keep-alive"}),
        arguments(
            "GET /products/old HTTP/1.0", 200, new String[] {"Host: shop", "Connection: close"}),
        arguments("HEAD /products/old HTTP/1.0", 200, new String[] {"Keep-Alive: timeout=5"}),
        arguments("GET /products/old HTTP/1.0", 304, new String[] {"If-None-Match: *"}),
        arguments("GET /products/nobody HTTP/1.0", 404, new String[] {}),
        arguments("GET / HTTP/1.0", 200, new String[] {}),
        arguments("OPTIONS / HTTP/1.0", 204, new String[] {}),
        arguments("OPTIONS /products HTTP/1.0", 204, new String[] {"Expect: 100-continue"}));
  }

  /// Requests as `option httpchk` of HAProxy sends them, and nginx as a proxy.
  @ParameterizedTest
  @MethodSource("http10")
  void http10IsAnsweredAndTheConnectionEnds(String firstLine, int status, String[] headers)
      throws IOException {
    api.put("/products/old", CHAIR);
    List<String> lines = new ArrayList<>(List.of(firstLine));
    lines.addAll(List.of(headers));
    lines.add("");
    assertThat(RawHttp.exchange(api.service().port(), lines.toArray(String[]::new)))
        .startsWith("HTTP/1.1 " + status + " ")
        .contains("Connection: close\r\n")
        .doesNotContain("Transfer-Encoding")
        .matches(MalformedHttpIT::isOneAnswer, "is one answer");
  }

  @Test
  void aBodyComesWithHttp10() throws IOException {
    String answer =
        RawHttp.exchange(
            api.service().port(),
            "PUT /products/new HTTP/1.0",
            "Content-Type: application/json",
            "Content-Length: " + CHAIR.length(),
            "",
            CHAIR);
    assertThat(answer).startsWith("HTTP/1.1 201 ").contains("\"id\":\"new\"");
  }

  /// HTTP/1.0 has no chunks.
  @Test
  void aLongListEndsWithTheConnectionOverHttp10() throws IOException {
    String attributes = ",\"attributes\":{\"a\":\"" + "x".repeat(700_000) + "\"}}";
    for (int i = 0; i < 3; i++) {
      assertThat(api.put("/products/~long-" + i, CHAIR.replace("}", attributes)).status())
          .isEqualTo(201);
    }
    String list = "/products?after=~long&limit=3";
    String answer = RawHttp.exchange(api.service().port(), "GET " + list + " HTTP/1.0", "");
    int body = answer.indexOf("\r\n\r\n") + 4;
    assertThat(answer.substring(0, body)).doesNotContain("Transfer-Encoding", "Content-Length");
    assertThat(answer.substring(body)).isEqualTo(api.get(list).text());
  }

  @ParameterizedTest
  @CsvSource({
    "GET /health/ready, 200",
    "GET /health/live,  200",
    "GET /metrics,      200",
    "OPTIONS /,         404",
  })
  void theAdminPortAnswersHttp10(String request, int status) throws IOException {
    assertThat(RawHttp.exchange(api.service().adminPort(), request + " HTTP/1.0", ""))
        .startsWith("HTTP/1.1 " + status + " ")
        .contains("Connection: close\r\n")
        .doesNotContain("Transfer-Encoding");
  }

  @Test
  void aConnectionEndsWhenTheClientAsksForIt() throws IOException {
    api.put("/products/last", CHAIR);
    assertThat(RawHttp.exchange(api.service().port(), get("/products/last")))
        .startsWith("HTTP/1.1 200")
        .contains("Connection: close\r\n");
  }

  @Test
  void aHundredIdsOfTheLongestKindFitIntoAQuery() {
    String ids =
        Stream.iterate(0, i -> i + 1)
            .limit(100)
            .map(i -> "%0100d".formatted(i))
            .collect(java.util.stream.Collectors.joining(","));
    assertThat(api.get("/products?ids=" + ids).json().get("missing")).hasSize(100);
  }
}
