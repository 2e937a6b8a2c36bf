package dev.tidemark.api.imports;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.api.RawHttp;
import dev.tidemark.api.RunningService;
import dev.tidemark.api.RunningService.Answer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Bodies of imports that are incomplete: however they end early, products that they have not named
/// are not deleted.
final class ImportBodiesIT {

  @RegisterExtension private static final RunningService api = new RunningService();

  private static final String FORMER =
      "select count(*) from product where id like 'former-%' and deleted_at is null";

  private static String lines(int from, int to) {
    return IntStream.range(from, to)
        .mapToObj(
            "{\"id\":\"case-%d\",\"name\":\"A\",\"price\":1,\"currency\":\"EUR\"}\n"::formatted)
        .collect(Collectors.joining());
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] gzip(String text) {
    ByteArrayOutputStream compressed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(compressed)) {
      gzip.write(utf8(text));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return compressed.toByteArray();
  }

  private static byte[] joined(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  private static byte[] changed(byte[] bytes, int index) {
    byte[] changed = bytes.clone();
    changed[index] ^= 0x55;
    return changed;
  }

  @BeforeEach
  void haveProductsThatNoBodyNames() {
    api.sql()
        .useHandle(
            handle -> {
              handle.execute("delete from product");
              handle.execute(
                  """
                  insert into product (id, name, price, currency)
                  select 'former-' || n, 'A', 1, 'EUR' from generate_series(1, 50) n
                  """);
            });
  }

  private static Answer send(String query, byte[] body, String encoding) {
    return api.send(
        "POST",
        "/products/import" + query,
        BodyPublishers.ofByteArray(body),
        "Content-Type",
        "application/x-ndjson",
        "Content-Encoding",
        encoding);
  }

  static Stream<Arguments> damaged() {
    byte[] first = gzip(lines(0, 5));
    byte[] second = gzip(lines(5, 10));
    return Stream.of("", "?replace=true")
        .flatMap(
            query ->
                Stream.of(
                        Arguments.of("header of the second", joined(first, changed(second, 1))),
                        Arguments.of("method of the second", joined(first, changed(second, 2))),
                        Arguments.of("data of the second", joined(first, changed(second, 30))),
                        Arguments.of(
                            "checksum of the second",
                            joined(first, changed(second, second.length - 8))),
                        Arguments.of(
                            "length of the second",
                            joined(first, changed(second, second.length - 1))),
                        Arguments.of("second of 1 byte", joined(first, Arrays.copyOf(second, 1))),
                        Arguments.of("second of 5 bytes", joined(first, Arrays.copyOf(second, 5))),
                        Arguments.of(
                            "second of 40 bytes", joined(first, Arrays.copyOf(second, 40))),
                        Arguments.of(
                            "second without its end",
                            joined(first, Arrays.copyOf(second, second.length - 1))),
                        Arguments.of("plain text after", joined(first, utf8(lines(5, 10)))),
                        Arguments.of("zeroes after", joined(first, new byte[512])),
                        Arguments.of("cut", Arrays.copyOf(first, first.length - 1)),
                        Arguments.of("cut in its head", Arrays.copyOf(first, 7)),
                        Arguments.of("no gzip", utf8(lines(0, 5))))
                    .map(each -> Arguments.of(query, each.get()[0], each.get()[1])));
  }

  @ParameterizedTest(name = "{1} {0}")
  @MethodSource("damaged")
  void whatIsNotWholeGzipIsRefusedAndNothingIsDeleted(String query, String damage, byte[] body) {
    List<String> before = state();
    Answer answer = send(query, body, "gzip");
    assertThat(answer.status()).as(answer.text()).isEqualTo(400);
    assertThat(answer.problem()).isEqualTo("malformed-request");
    assertThat(answer.json().get("detail").asText()).contains("not whole gzip");
    assertThat(answer.json().get("committedLines").isNumber()).isTrue();
    assertThat(api.texts(FORMER)).containsExactly("50");
    if (!query.isEmpty()) {
      assertThat(state()).as("nothing is changed").isEqualTo(before);
    }
  }

  private static List<String> state() {
    return api.texts("select p::text from product p order by id");
  }

  @Test
  void membersAreTakenOneAfterTheOtherHoweverTheirBytesCome() throws IOException {
    byte[] members = joined(gzip(lines(0, 5)), gzip(""), gzip(lines(5, 10)));
    assertThat(send("", members, "gzip").json().get("failed").asInt()).isZero();
    for (int length : new int[] {1, 7, gzip(lines(0, 5)).length}) {
      api.sql().useHandle(handle -> handle.execute("delete from product where id like 'case-%'"));
      try (Socket client = client()) {
        var out = client.getOutputStream();
        out.write(head("", "Content-Encoding: gzip", "Transfer-Encoding: chunked"));
        for (int from = 0; from < members.length; from += length) {
          byte[] part = Arrays.copyOfRange(members, from, Math.min(members.length, from + length));
          out.write(joined(utf8(Integer.toHexString(part.length) + "\r\n"), part, utf8("\r\n")));
        }
        out.write(utf8("0\r\n\r\n"));
        assertThat(answer(client)).startsWith("HTTP/1.1 200").contains("\"created\":10,");
      }
    }
  }

  private static Socket client() throws IOException {
    Socket client = new Socket(InetAddress.getLoopbackAddress(), api.service().port());
    client.setSoTimeout(60_000);
    return client;
  }

  private static byte[] head(String query, String... headers) {
    return RawHttp.bytes(
        Stream.of(
                Stream.of(
                    "POST /products/import" + query + " HTTP/1.1",
                    "Host: x",
                    "Connection: close",
                    "Content-Type: application/x-ndjson"),
                Stream.of(headers),
                Stream.of(""))
            .flatMap(lines -> lines)
            .toArray(String[]::new));
  }

  private static String answer(Socket client) throws IOException {
    return new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  static Stream<Arguments> cut() {
    String lines = lines(0, 5);
    String chunk = Integer.toHexString(lines.length()) + "\r\n" + lines;
    return Stream.of("", "?replace=true")
        .flatMap(
            query ->
                Stream.of(
                    Arguments.of(query, "Content-Length: " + (lines.length() + 1), lines),
                    Arguments.of(query, "Content-Length: 9999999999", lines),
                    Arguments.of(query, "Transfer-Encoding: chunked", chunk),
                    Arguments.of(query, "Transfer-Encoding: chunked", chunk + "\r\n"),
                    Arguments.of(query, "Transfer-Encoding: chunked", chunk + "\r\n0"),
                    Arguments.of(query, "Transfer-Encoding: chunked", chunk + "\r\n0\r\n"),
                    Arguments.of(query, "Transfer-Encoding: chunked", chunk + "\r\nff\r\n{"),
                    Arguments.of(
                        query, "Transfer-Encoding: chunked", chunk + "\r\nzz\r\n\r\n0\r\n\r\n")));
  }

  @ParameterizedTest(name = "{0} {1} {index}")
  @MethodSource("cut")
  void whoseUploadIsCutIsToldSoWithCountsAndNothingIsDeleted(
      String query, String framing, String body) throws IOException {
    try (Socket client = client()) {
      client.getOutputStream().write(joined(head(query, framing), utf8(body)));
      client.shutdownOutput();
      assertThat(answer(client))
          .startsWith("HTTP/1.1 400")
          .contains(
              "urn:tidemark:problem:malformed-request", "\"committedLines\":", "\"created\":");
    }
    assertThat(api.texts(FORMER)).containsExactly("50");
  }

  /// Returns one frame of HTTP/2, RFC 9113, section 4.1, of the only stream, or of none.
  private static byte[] frame(int type, int flags, int stream, byte[] payload) {
    byte[] head = {
      (byte) (payload.length >> 16),
      (byte) (payload.length >> 8),
      (byte) payload.length,
      (byte) type,
      (byte) flags,
      0,
      0,
      0,
      (byte) stream
    };
    return joined(head, payload);
  }

  /// Returns a header, literal and not indexed, RFC 7541, section 6.2.2.
  private static byte[] field(String name, String value) {
    return joined(
        new byte[] {0, (byte) name.length()},
        utf8(name),
        new byte[] {(byte) value.length()},
        utf8(value));
  }

  static Stream<Arguments> cutStreams() {
    byte[] lines = utf8(lines(0, 5));
    return Stream.of(
        Arguments.of("reset", 1000, frame(3, 0, 1, new byte[] {0, 0, 0, 8})),
        Arguments.of("shorter than declared", lines.length + 1, frame(0, 1, 1, new byte[0])),
        Arguments.of("longer than declared", lines.length + 1, frame(0, 1, 1, utf8("\n\n"))));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cutStreams")
  void aStreamThatIsCutDeletesNothing(String how, int length, byte[] cut) throws IOException {
    try (Socket client = client()) {
      byte[] headers =
          joined(
              field(":method", "POST"),
              field(":scheme", "http"),
              field(":authority", "x"),
              field(":path", "/products/import?replace=true&confirm-delete=50"),
              field("content-type", "application/x-ndjson"),
              field("content-length", Integer.toString(length)));
      client
          .getOutputStream()
          .write(
              joined(
                  utf8("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
                  frame(4, 0, 0, new byte[0]),
                  frame(1, 4, 1, headers),
                  frame(0, 0, 1, utf8(lines(0, 5)))));
      client.getOutputStream().write(cut);
      // The server may take a moment, and a deletion would be seen then.
      await("nothing is deleted")
          .during(Duration.ofSeconds(2))
          .atMost(Duration.ofSeconds(30))
          .until(() -> api.texts(FORMER).equals(List.of("50")));
    }
    assertThat(send("", utf8(lines(0, 5)), "identity").status()).isEqualTo(200);
    assertThat(api.texts(FORMER)).containsExactly("50");
  }
}
