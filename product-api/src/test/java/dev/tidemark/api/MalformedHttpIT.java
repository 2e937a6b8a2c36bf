package dev.tidemark.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/// What clients send that no client library would: each has its answer, and the connection is given
/// up where nobody can know where the next request begins.
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
        arguments("HTTP/1.0", 400, request("GET / HTTP/1.0", "")),
        arguments("HTTP/3", 400, request("GET / HTTP/3", "")),
        arguments("lines that end with LF only", 400, new String[] {"GET / HTTP/1.1\nHost: x\n\n"}),
        arguments("a method that is none", 400, request("G(T / HTTP/1.1", "")),
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
        arguments("trailers", 400, put("27\r\n" + CHAIR + "\r\n0\r\nX: y\r\n", json, chunked)),
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

  /// Else it would be a way to have a request carried out that a gateway has not seen.
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
