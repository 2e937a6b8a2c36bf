package dev.tidemark.devstack.importing;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.atomic.LongAdder;

/// Counts the bytes that are read through it. One thread reads, and any may ask for the count.
final class CountingInputStream extends FilterInputStream {
  private final LongAdder bytes = new LongAdder();

  CountingInputStream(InputStream in) {
    super(in);
  }

  long bytes() {
    return bytes.sum();
  }

  @Override
  public int read() throws IOException {
    int value = super.read();
    if (value >= 0) {
      bytes.increment();
    }
    return value;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    int count = super.read(buffer, offset, length);
    if (count > 0) {
      bytes.add(count);
    }
    return count;
  }
}
