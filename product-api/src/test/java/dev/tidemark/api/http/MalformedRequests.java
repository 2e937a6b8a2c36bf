package dev.tidemark.api.http;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;

/// Requests that are wrong in random ways. Confined to one thread.
public final class MalformedRequests {

  /// A request. It tells whether the service can find its end, so that the connection can be used
  /// for another one.
  @SuppressWarnings("ArrayRecordComponent") // handed on, never changed
  public record Request(byte[] bytes, boolean framed) {}

  private static final List<String> METHODS =
      List.of("GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS", "TRACE", "BREW", "put");
  private static final List<String> PATHS =
      List.of(
          "/products/",
          "/products",
          "/products/import",
          "/products?ids=",
          "/products?limit=",
          "/",
          "/products?after=",
          "/products/a/",
          "/openapi/",
          "/../");
  private static final List<String> IDS =
      List.of(
          "",
          "..",
          ".",
          "%00",
          "%2F",
          "a%2fb",
          "%2e%2e%2f",
          "%0d%0aX:y",
          "%7B%7D",
          "%ff%fe",
          "a%20b",
          "a;b=c",
          "%F0%9F%98%80",
          "a,,b",
          "-1",
          "0",
          "99999999999999999999",
          "NaN",
          "a&limit=1",
          "%25");
  private static final List<String> HEADERS =
      List.of(
          "If-Match",
          "If-None-Match",
          "Min-Version",
          "Cache-Control",
          "Idempotency-Key",
          "Accept",
          "Accept-Encoding",
          "Content-Type",
          "Expect",
          "Range",
          "traceparent",
          "Authorization",
          "Cookie",
          "X-Forwarded-For",
          "Upgrade",
          "Content-Encoding");
  private static final List<String> VALUES =
      List.of(
          "",
          "*",
          "\"",
          "\"1",
          "W/",
          "\"1\" \"2\"",
          "-1",
          "0",
          "1e9",
          "9007199254740993",
          "NaN",
          "{}",
          "bytes=0-0",
          "no-cache",
          "application/json; charset=utf-16",
          ";;;=",
          "a/b/c",
          "\u00e9\u00ff",
          "100-continue",
          "Bearer",
          "gzip",
          "h2c",
          "text/html",
          "application/merge-patch+json");
  private static final List<String> BODIES =
      List.of(
          "",
          "{",
          "}",
          "[]",
          "null",
          "{}",
          "{\"name\":NaN}",
          "{\"name\":1,\"name\":2}",
          "{\"a\":\"\u0001\"}",
          "{\"name\":\"\\u0000\",\"price\":1,\"currency\":\"EUR\"}",
          "{\"name\":\"A\",\"price\":1e999999999,\"currency\":\"EUR\"}",
          "{\"name\":\"A\",\"price\":-1,\"currency\":\"EUR\"}",
          "{\"name\":\"A\",\"price\":1,\"currency\":\"XXXX\"}",
          "{\"name\":\"\\ud800\",\"price\":1,\"currency\":\"EUR\"}",
          "{\"name\":\"\u00ff\u00fe\",\"price\":1,\"currency\":\"EUR\"}",
          "{\"name\":\"A\",\"price\":1,\"currency\":\"EUR\",\"attributes\":[]}",
          "{\"name\":\"A\",\"price\":1,\"currency\":\"EUR\",\"more\":1}",
          "{\"attributes\":{\"a\":1e400}}");

  private final Random random;

  public MalformedRequests(Random random) {
    this.random = random;
  }

  public Request next() {
    Request request = framed();
    return switch (random.nextInt(20)) {
      case 0 -> new Request(damaged(request.bytes()), false);
      case 1 -> new Request(noise(1 + random.nextInt(300)), false);
      case 2 -> new Request(chunked(), false);
      default -> request;
    };
  }

  private Request framed() {
    String type =
        random.nextBoolean()
            ? "application/json"
            : drawn(List.of("application/merge-patch+json", "application/x-ndjson", "text/plain"));
    byte[] body = body();
    StringBuilder head = new StringBuilder();
    head.append(drawn(METHODS))
        .append(' ')
        .append(drawn(PATHS))
        .append(drawn(IDS))
        .append(" HTTP/1.1\r\n");
    head.append("Host: x\r\nContent-Type: ").append(type).append("\r\n");
    for (int i = random.nextInt(3); i > 0; i--) {
      head.append(drawn(HEADERS)).append(": ").append(drawn(VALUES)).append("\r\n");
    }
    head.append("Content-Length: ").append(body.length).append("\r\n\r\n");
    return new Request(joined(head.toString(), body), true);
  }

  private byte[] body() {
    return switch (random.nextInt(8)) {
      case 0 -> noise(random.nextInt(200));
      case 1 -> damaged(bytes(drawn(BODIES)));
      case 2 -> bytes("{\"attributes\":" + "[".repeat(1 + random.nextInt(2000)));
      case 3 -> bytes("{\"a\":".repeat(1 + random.nextInt(500)) + "1");
      case 4 -> bytes("{\"price\":" + "9".repeat(1 + random.nextInt(3000)) + "}");
      default -> bytes(drawn(BODIES));
    };
  }

  private byte[] chunked() {
    String head =
        "PUT /products/fuzz HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    return joined(head, damaged(bytes("5\r\n{\"nam\r\n3;x=y\r\ne\":\r\n0\r\n\r\n")));
  }

  /// Returns bytes of which some are changed, removed or added.
  private byte[] damaged(byte[] bytes) {
    ByteArrayOutputStream damaged = new ByteArrayOutputStream();
    int rate = Math.max(1, bytes.length / (1 + random.nextInt(4)));
    for (byte b : bytes) {
      switch (random.nextInt(rate) == 0 ? random.nextInt(4) : -1) {
        case 0 -> {}
        case 1 -> damaged.write(random.nextInt(256));
        case 2 -> {
          damaged.write(b);
          damaged.writeBytes(noise(1 + random.nextInt(4)));
        }
        case 3 -> damaged.write(b ^ (1 << random.nextInt(8)));
        default -> damaged.write(b);
      }
    }
    return damaged.toByteArray();
  }

  private byte[] noise(int length) {
    byte[] noise = new byte[length];
    random.nextBytes(noise);
    return noise;
  }

  private String drawn(List<String> list) {
    return list.get(random.nextInt(list.size()));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static byte[] joined(String head, byte[] body) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(bytes(head));
    all.writeBytes(body);
    return all.toByteArray();
  }
}
