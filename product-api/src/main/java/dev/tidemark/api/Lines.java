package dev.tidemark.api;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/// Lines of a stream, one at a time, in memory bounded by the length that is allowed. Lines end
/// with LF or CR LF; the last may do without. Confined to one thread.
final class Lines {

  /// A line; too long ones come without their bytes.
  ///
  /// @param number from 1
  @SuppressWarnings("ArrayRecordComponent") // handed on, never changed
  record Line(long number, byte[] bytes, boolean tooLong) {

    boolean isBlank() {
      for (byte b : bytes) {
        if (b != ' ' && b != '\t') {
          return false;
        }
      }
      return !tooLong;
    }
  }

  private static final int BUFFER_SIZE = 64 * 1024;

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

  /// The next line; empty at the end of the stream.
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
      // One more than the limit, for a CR that may turn out to belong to the line's end.
      if (length <= limit + 1L) {
        line.write(buffer, start, part);
      }
      if (next < end) {
        next++;
        ended = true;
      }
    }
    byte[] bytes = line.toByteArray();
    boolean carriageReturn =
        length == bytes.length && length > 0 && bytes[bytes.length - 1] == '\r';
    long content = carriageReturn ? length - 1 : length;
    if (content > limit) {
      return Optional.of(new Line(number, new byte[0], true));
    }
    return Optional.of(
        new Line(
            number, carriageReturn ? java.util.Arrays.copyOf(bytes, (int) content) : bytes, false));
  }

  private boolean fill() throws IOException {
    next = 0;
    end = Math.max(0, in.read(buffer));
    return end > 0;
  }
}
