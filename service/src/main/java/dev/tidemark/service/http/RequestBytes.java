package dev.tidemark.service.http;

import io.helidon.common.buffers.DataReader;
import io.helidon.common.buffers.DataReader.IncorrectNewLineException;
import io.helidon.common.buffers.DataReader.InsufficientDataAvailableException;
import io.helidon.http.DirectHandler.EventType;
import io.helidon.http.RequestException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/// Bytes of a connection, piece by piece. When its first request is one of HTTP/1.0, its head is
/// rewritten to HTTP/1.1: the version, `Host` if it is missing, and a header that ends the
/// connection with the answer. Everything else is passed on as it is. Confined to one thread.
final class RequestBytes implements Supplier<byte[]> {

  private static final byte[] HTTP_10 = " HTTP/1.0".getBytes(StandardCharsets.US_ASCII);

  private static final Pattern LENGTH = Pattern.compile("[0-9]{1,18}");

  private enum Part {
    FIRST_LINE,
    HEADERS_OF_HTTP_10,
    BODY_OF_HTTP_10,
    REST
  }

  private final DataReader source;
  private final int longestLine;
  private Part part = Part.FIRST_LINE;
  private boolean http10;
  private boolean hasHost;
  private long bodyLeft;

  /// @param longestLine longer ones are passed on, for the server to refuse
  RequestBytes(DataReader source, int longestLine) {
    this.source = source;
    this.longestLine = longestLine;
  }

  boolean isHttp10() {
    return http10;
  }

  @Override
  public byte[] get() {
    return switch (part) {
      case FIRST_LINE -> firstLine();
      case HEADERS_OF_HTTP_10 -> header();
      case BODY_OF_HTTP_10 -> body();
      case REST -> rest();
    };
  }

  private byte[] rest() {
    return source.readBuffer().readBytes();
  }

  /// Ends the input with the first request. The server by itself would wait for another one.
  private byte[] body() {
    if (bodyLeft <= 0) {
      throw new InsufficientDataAvailableException();
    }
    byte[] bytes = rest();
    bodyLeft -= bytes.length;
    return bytes;
  }

  private byte[] firstLine() {
    part = Part.REST;
    int end = endOfLine();
    if (end < HTTP_10.length || !isHttp10(source.getBuffer(end).readBytes())) {
      return rest();
    }
    http10 = true;
    part = Part.HEADERS_OF_HTTP_10;
    byte[] line = source.readBytes(end);
    source.skip(2);
    line[end - 1] = '1';
    return joined(line, "\r\nConnection: close\r\n");
  }

  private static boolean isHttp10(byte[] line) {
    int from = line.length - HTTP_10.length;
    return Arrays.equals(line, from, line.length, HTTP_10, 0, HTTP_10.length);
  }

  private byte[] header() {
    while (true) {
      int end = endOfLine();
      if (end < 0) {
        part = Part.REST;
        return rest();
      }
      byte[] line = end == 0 ? new byte[0] : source.readBytes(end);
      source.skip(2);
      if (end == 0) {
        part = Part.BODY_OF_HTTP_10;
        return joined(line, hasHost ? "\r\n" : "Host: localhost\r\n\r\n");
      }
      Optional<byte[]> header = header(line);
      if (header.isPresent()) {
        return joined(header.get(), "\r\n");
      }
    }
  }

  /// Returns a header line; empty for one that HTTP/1.0 does not have, or that is written already.
  private Optional<byte[]> header(byte[] line) {
    String text = new String(line, StandardCharsets.ISO_8859_1);
    int colon = text.indexOf(':');
    return switch (text.substring(0, Math.max(0, colon)).toLowerCase(Locale.ROOT)) {
      case "host" -> {
        hasHost = true;
        yield Optional.of(line);
      }
      case "content-length" -> {
        String length = text.substring(colon + 1).strip();
        bodyLeft = LENGTH.matcher(length).matches() ? Long.parseLong(length) : 0;
        yield Optional.of(line);
      }
      case "connection", "keep-alive", "expect", "te", "upgrade" -> Optional.empty();
      // RFC 9112, section 6.1: the framing is invalid.
      case "transfer-encoding" ->
          throw RequestException.builder()
              .type(EventType.BAD_REQUEST)
              .message("HTTP/1.0 has no Transfer-Encoding")
              .build();
      default -> Optional.of(line);
    };
  }

  /// Returns the end of the next line; -1 where there is none.
  private int endOfLine() {
    try {
      int end = source.findNewLine(longestLine);
      return end < longestLine ? end : -1;
    } catch (IncorrectNewLineException e) {
      return -1;
    }
  }

  private static byte[] joined(byte[] line, String end) {
    byte[] all = Arrays.copyOf(line, line.length + end.length());
    System.arraycopy(end.getBytes(StandardCharsets.US_ASCII), 0, all, line.length, end.length());
    return all;
  }
}
