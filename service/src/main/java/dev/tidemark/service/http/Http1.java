package dev.tidemark.service.http;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.common.buffers.DataWriter;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.spi.ServerConnectionSelector;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/// Supports HTTP/1.1 and HTTP/1.0. The server (Helidon 4.5) knows only HTTP/1.1, while health
/// checks (`option httpchk` of HAProxy) and proxies (nginx before 1.29.7) send HTTP/1.0 by default.
/// Immutable.
public final class Http1 implements ServerConnectionSelector {

  private static final String HTTP_2 = "PRI * HTTP/2.0\r";
  private static final int LONGEST_FIRST_LINE = 4 * 1024;
  private static final int MOST_HEADERS = 16 * 1024;

  private final Http1ConnectionSelector server;
  private final int longestLine;

  /// @param longestFirstLine in bytes
  /// @param mostHeaders of a request together, in bytes
  public Http1(int longestFirstLine, int mostHeaders) {
    this.longestLine = Math.max(longestFirstLine, mostHeaders);
    this.server =
        Http1ConnectionSelector.builder()
            .config(http1 -> http1.maxPrologueLength(longestFirstLine).maxHeadersSize(mostHeaders))
            .build();
  }

  /// Creates it with first lines of up to 4 KiB and headers of up to 16 KiB.
  public Http1() {
    this(LONGEST_FIRST_LINE, MOST_HEADERS);
  }

  @Override
  public int bytesToIdentifyConnection() {
    return server.bytesToIdentifyConnection();
  }

  /// Takes every connection that does not begin as HTTP/2 does: the server answers a first line
  /// that is none of a request with 400, while a connection that nobody takes ends without an
  /// answer.
  @Override
  public Support supports(BufferData data) {
    int end = data.indexOf((byte) '\n');
    return end >= 0 && data.readString(end, StandardCharsets.ISO_8859_1).equals(HTTP_2)
        ? Support.UNSUPPORTED
        : Support.SUPPORTED;
  }

  @Override
  public Set<String> supportedApplicationProtocols() {
    return server.supportedApplicationProtocols();
  }

  @Override
  public ServerConnection connection(ConnectionContext context) {
    return server.connection(new OfAnyVersion(context, longestLine));
  }

  /// A client's connection as the server sees it. Confined to the connection's thread.
  private static final class OfAnyVersion extends PassedOn {
    private final DataReader reader;
    private final DataWriter writer;

    OfAnyVersion(ConnectionContext context, int longestLine) {
      super(context);
      RequestBytes bytes = new RequestBytes(context.dataReader(), longestLine);
      this.reader = new RequestReader(bytes);
      this.writer = new AnswerWriter(context.dataWriter(), bytes::isHttp10);
    }

    @Override
    public DataReader dataReader() {
      return reader;
    }

    @Override
    public DataWriter dataWriter() {
      return writer;
    }
  }
}
