package dev.tidemark.devstack;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.atomic.LongAdder;

/// Counts what is read through it. One thread reads, any may ask for the counts.
final class CountingInputStream extends FilterInputStream {
  private final LongAdder bytes = new LongAdder();
  private final LongAdder lines = new LongAdder();

  CountingInputStream(InputStream in) {
    super(in);
  }

  long bytes() {
    return bytes.sum();
  }

  long lines() {
    return lines.sum();
  }

  @Override
  public int read() throws IOException {
    int value = super.read();
    if (value >= 0) {
      bytes.increment();
      if (value == '\n') {
        lines.increment();
      }
    }
    return value;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    int count = super.read(buffer, offset, length);
    if (count > 0) {
      bytes.add(count);
      int newlines = 0;
      for (int i = offset; i < offset + count; i++) {
        if (buffer[i] == '\n') {
          newlines++;
        }
      }
      lines.add(newlines);
    }
    return count;
  }
}
