package dev.tidemark.api.imports;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

final class SkippableLinesTest {

  /// A reader that takes nothing until it listens.
  private static final class Reader extends OutputStream {
    private final CountDownLatch listening = new CountDownLatch(1);
    private final CountDownLatch spokenTo = new CountDownLatch(1);
    private final ByteArrayOutputStream heard = new ByteArrayOutputStream();
    private volatile boolean closed;

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      spokenTo.countDown();
      try {
        listening.await();
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
      heard.write(bytes, offset, length);
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  @Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void aReaderWhoDoesNotListenIsNotWaitedForUntilTheEnd() throws Exception {
    Reader reader = new Reader();
    SkippableLines lines = new SkippableLines(reader);
    lines.offer(utf8("first"));
    reader.spokenTo.await();
    lines.offer(utf8("left out"));
    lines.offer(utf8("left out, too"));
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<?> end =
          threads.submit(
              () -> {
                lines.end(utf8("last"));
                return null;
              });
      assertThat(reader.heard.size()).isZero();
      reader.listening.countDown();
      end.get();
    }
    assertThat(reader.heard.toString(StandardCharsets.UTF_8)).isEqualTo("first\nlast\n");
    assertThat(reader.closed).isTrue();
  }

  @Test
  void aReaderWhoListensIsToldEachLine() throws IOException {
    Reader reader = new Reader();
    reader.listening.countDown();
    SkippableLines lines = new SkippableLines(reader);
    lines.offer(utf8("first"));
    await().until(() -> reader.heard.size() == "first\n".length());
    await()
        .until(
            () -> {
              lines.offer(utf8("second"));
              return reader.heard.toString(StandardCharsets.UTF_8).contains("second");
            });
    lines.end(utf8("last"));
    assertThat(reader.heard.toString(StandardCharsets.UTF_8)).matches("first\n(second\n)+last\n");
  }

  @Test
  void thatTheReaderHasGoneIsTold() {
    SkippableLines lines =
        new SkippableLines(
            new OutputStream() {
              @Override
              public void write(int b) throws IOException {
                throw new IOException("gone");
              }
            });
    assertThatIOException()
        .isThrownBy(
            () -> {
              lines.offer(utf8("first"));
              lines.end(utf8("last"));
            });
  }
}
