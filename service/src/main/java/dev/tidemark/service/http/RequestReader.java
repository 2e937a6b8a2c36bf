package dev.tidemark.service.http;

import io.helidon.common.buffers.DataReader;
import io.helidon.http.DirectHandler.EventType;
import io.helidon.http.RequestException;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Reader of requests, for cases where the server's own (Helidon 4.5) is not as strict, or not as
/// lenient, as RFC 9110 and RFC 9112 require. Confined to one thread.
@SuppressWarnings("removal") // there is no other constructor to extend it by
final class RequestReader extends DataReader {

  /// Pattern of a chunk's size with extensions: RFC 9112, section 7.1.1.
  private static final Pattern EXTENDED = Pattern.compile("([0-9A-Fa-f]{1,8})[ \\t]*;.*");

  /// Length limit of a chunk's size with its extensions.
  private static final int LONGEST_CHUNK_LINE = 4 * 1024;

  RequestReader(Supplier<byte[]> bytes) {
    super(bytes);
  }

  /// Reads a line. The server calls it for the line before a chunk, and for the one after the last;
  /// the extensions are left out.
  @Override
  public String readLine() {
    int end = findNewLine(LONGEST_CHUNK_LINE);
    if (end == LONGEST_CHUNK_LINE) {
      throw malformed("the line before a chunk is longer than " + LONGEST_CHUNK_LINE + " bytes");
    }
    String line = end == 0 ? "" : readAsciiString(end);
    skip(2);
    Matcher extended = EXTENDED.matcher(line);
    return extended.matches() ? extended.group(1) : line;
  }

  /// Reads bytes. The server calls it for first lines. It treats methods as their upper-case forms;
  /// a proxy on the way, which knows that methods are case-sensitive, would see something else.
  @Override
  public byte[] readBytes(int length) {
    byte[] line = super.readBytes(length);
    for (int i = 0; i < length && line[i] != ' '; i++) {
      if (line[i] >= 'a' && line[i] <= 'z') {
        throw malformed("methods are in capitals");
      }
    }
    return line;
  }

  private static RequestException malformed(String reason) {
    return RequestException.builder().type(EventType.BAD_REQUEST).message(reason).build();
  }
}
