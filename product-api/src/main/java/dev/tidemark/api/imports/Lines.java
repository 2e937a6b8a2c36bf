package dev.tidemark.api.imports;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Optional;

/// Lines of a stream, one at a time, in memory bounded by the allowed length. Lines end with LF or
/// CR LF; the last may do without. A byte order mark of UTF-8 is no part of the line that it
/// begins: concatenated files have several. Confined to one thread.
final class Lines {

  /// A line. Of a line that is too long it holds only the beginning.
  ///
  /// @param number from 1
  @SuppressWarnings("ArrayRecordComponent") // handed on, never changed
  record Line(long number, byte[] bytes, boolean tooLong) {

    boolean isBlank() {
      for (byte b : bytes) {
        if (b != ' ' && b != '\t' && b != '\r') {
          return false;
        }
      }
      return !tooLong;
    }
  }

  private static final int BUFFER_SIZE = 64 * 1024;

  private static final byte[] BYTE_ORDER_MARK = {(byte) 0xef, (byte) 0xbb, (byte) 0xbf};

  /// Length of the beginning of a line that is too long: enough to recognise it.
  private static final int BEGINNING = 100;

  private final InputStream in;
  private final int limit;
  private final byte[] buffer = new byte[BUFFER_SIZE];
  private int next;
  private int end;
  private long number;

  /// @param limit of a line in bytes, its end not counted
  Lines(InputStream in, int limit) {
    this.in = in;
    this.limit = limit;
  }

  /// Returns the next line; empty at the end of the stream.
  Optional<Line> next() throws IOException {
    if (next == end && !fill()) {
      return Optional.empty();
    }
    number++;
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    long length = 0;
    boolean ended = false;
    while (!ended && (next < end || fill())) {
      int start = next;
      while (next < end && buffer[next] != '\n') {
        next++;
      }
      int part = next - start;
      length += part;
      // A mark and a CR are no part of the line. Their presence is known only at its end.
      if (length <= limit + BYTE_ORDER_MARK.length + 1L || line.size() == 0) {
        line.write(buffer, start, part);
      }
      if (next < end) {
        next++;
        ended = true;
      }
    }
    byte[] bytes = line.toByteArray();
    int from = startsWithMark(bytes) ? BYTE_ORDER_MARK.length : 0;
    boolean carriageReturn =
        length == bytes.length && length > from && bytes[bytes.length - 1] == '\r';
    long content = length - from - (carriageReturn ? 1 : 0);
    boolean tooLong = content > limit;
    int to = tooLong ? Math.min(bytes.length, BEGINNING) : (int) (from + content);
    return Optional.of(new Line(number, Arrays.copyOfRange(bytes, from, to), tooLong));
  }

  private static boolean startsWithMark(byte[] bytes) {
    return bytes.length >= BYTE_ORDER_MARK.length
        && Arrays.equals(
            bytes, 0, BYTE_ORDER_MARK.length, BYTE_ORDER_MARK, 0, BYTE_ORDER_MARK.length);
  }

  private boolean fill() throws IOException {
    next = 0;
    end = Math.max(0, in.read(buffer));
    return end > 0;
  }
}
