package dev.tidemark.service.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helidon.common.buffers.DataReader;
import io.helidon.common.buffers.DataReader.InsufficientDataAvailableException;
import io.helidon.http.RequestException;
import java.io.ByteArrayOutputStream;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RequestBytesTest {

  private static final int LONGEST_LINE = 100;

  private static RequestBytes of(String... pieces) {
    Deque<String> left = new ArrayDeque<>(List.of(pieces));
    return new RequestBytes(
        DataReader.create(() -> left.isEmpty() ? null : left.poll().getBytes(ISO_8859_1)),
        LONGEST_LINE);
  }

  private static String all(RequestBytes bytes) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    try {
      while (true) {
        all.writeBytes(bytes.get());
      }
    } catch (InsufficientDataAvailableException end) {
      return all.toString(ISO_8859_1);
    }
  }

  @Test
  void http10IsToldAsHttp11WhereverItsPacketsAreCut() {
    String request =
        """
        PUT /products/\u00e9 HTTP/1.0\r
        Connection: keep-alive\r
        X: HTTP/1.0\r
        expect: x\r
        Content-Length: 12\r
        \r
        Host: body\r
        """;
    for (int cut = 1; cut < request.length() - 1; cut++) {
      RequestBytes bytes = of(request.substring(0, cut), request.substring(cut));
      assertThat(all(bytes))
          .as("cut at %d", cut)
          .isEqualTo(
              """
              PUT /products/\u00e9 HTTP/1.1\r
              Connection: close\r
              X: HTTP/1.0\r
              Content-Length: 12\r
              Host: localhost\r
              \r
              Host: body\r
              """);
      assertThat(bytes.isHttp10()).isTrue();
    }
  }

  @Test
  void theHostOfHttp10Stays() {
    assertThat(all(of("GET / HTTP/1.0\r\nHOST: shop\r\n\r\n")))
        .isEqualTo("GET / HTTP/1.1\r\nConnection: close\r\nHOST: shop\r\n\r\n");
  }

  @Test
  void theFirstRequestOfHttp10IsTheLast() {
    assertThat(all(of("GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.0\r\n\r\n")))
        .isEqualTo("GET / HTTP/1.1\r\nConnection: close\r\nHost: localhost\r\n\r\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET / HTTP/1.1\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.0\nHost: x\n\n",
        "\r\nGET / HTTP/1.0\r\n\r\n",
        "HTTP/1.0\r\n",
        "hello\r\n",
      })
  void whatIsNoRequestOfHttp10IsPassedOnAsItIs(String text) {
    RequestBytes bytes = of(text);
    assertThat(all(bytes)).isEqualTo(text);
    assertThat(bytes.isHttp10()).isFalse();
  }

  @Test
  void linesWithoutAnEndArePassedOnForTheServerToRefuse() {
    String line = "x".repeat(3 * LONGEST_LINE);
    assertThat(all(of(line))).isEqualTo(line);
    assertThat(all(of("GET / HTTP/1.0\r\nX: " + line)))
        .isEqualTo("GET / HTTP/1.1\r\nConnection: close\r\nX: " + line);
  }

  @Test
  void chunksOfHttp10AreRefused() {
    RequestBytes bytes = of("PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n");
    assertThatThrownBy(() -> all(bytes)).isInstanceOf(RequestException.class);
  }
}
