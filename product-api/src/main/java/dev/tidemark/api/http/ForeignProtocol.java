package dev.tidemark.api.http;

import dev.tidemark.api.problem.Problem;
import dev.tidemark.service.http.Http1;
import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader.IncorrectNewLineException;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.spi.ServerConnectionSelector;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;

/// Answers connections whose first line belongs to no protocol that is served here. The server
/// itself would close them without an answer.
public final class ForeignProtocol implements ServerConnectionSelector {

  private static final String HTTP_2 = "PRI * HTTP/2.0\r";

  /// Number of bytes to ask for. The whole first line is needed to tell the protocols apart.
  private static final int LEAST_BYTES = 1;

  private final int longestLine;

  /// @param longestLine in bytes; at more than that without an end the server gives up
  public ForeignProtocol(int longestLine) {
    this.longestLine = longestLine;
  }

  @Override
  public int bytesToIdentifyConnection() {
    return LEAST_BYTES;
  }

  @Override
  public Support supports(BufferData data) {
    int end = data.indexOf((byte) '\n');
    if (end < 0) {
      return data.available() < longestLine ? Support.UNKNOWN : Support.SUPPORTED;
    }
    String line = data.readString(end, StandardCharsets.ISO_8859_1);
    return Http1.isFirstLine(line) || line.equals(HTTP_2) ? Support.UNSUPPORTED : Support.SUPPORTED;
  }

  @Override
  public Set<String> supportedApplicationProtocols() {
    return Set.of();
  }

  @Override
  public ServerConnection connection(ConnectionContext context) {
    return new Refusal(context);
  }

  /// One connection, until it is refused. Confined to one thread.
  private final class Refusal implements ServerConnection {
    private final ConnectionContext context;

    Refusal(ConnectionContext context) {
      this.context = context;
    }

    @Override
    public void handle(Limit limit) {
      Problem problem = problem();
      byte[] body = problem.json();
      String head =
          """
          HTTP/1.1 %s
          Connection: close
          Content-Type: application/problem+json
          Content-Length: %d

          """
              .formatted(problem.status().text(), body.length)
              .replace("\n", "\r\n");
      context
          .dataWriter()
          .write(
              BufferData.create(
                  BufferData.create(head.getBytes(StandardCharsets.US_ASCII)),
                  BufferData.create(body)));
    }

    private Problem problem() {
      try {
        int end = context.dataReader().findNewLine(longestLine);
        if (end >= longestLine) {
          return Problem.malformedRequest(
              "The first line must not be longer than %d bytes.".formatted(longestLine));
        }
        String line = context.dataReader().readAsciiString(end);
        if (line.contains(" HTTP/")) {
          return Problem.malformedRequest("HTTP/1.1, HTTP/1.0 and HTTP/2 are spoken here.");
        }
      } catch (IncorrectNewLineException e) {
        // Reported below.
      }
      return Problem.malformedRequest(
          "The first line is not that of a request, with CR LF at its end.");
    }

    @Override
    public Duration idleTime() {
      return Duration.ZERO;
    }

    @Override
    public void close(boolean interrupt) {
      // The connection is over at once.
    }
  }
}
