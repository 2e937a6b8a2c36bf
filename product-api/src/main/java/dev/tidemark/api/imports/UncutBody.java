package dev.tidemark.api.imports;

import dev.tidemark.api.problem.Problem;
import dev.tidemark.api.problem.ProblemException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/// A body that is read on a thread of its own. The server interrupts the threads of its own when it
/// ends them, and over HTTP/2 treats that as the end of the body that they read: here it is an
/// error.
final class UncutBody extends FilterInputStream {

  /// Reads the body.
  interface Reading {
    void read() throws IOException;
  }

  private static final int BUFFER_SIZE = 64 * 1024;

  private static final long MOST_READ_ON = 64L * 1024 * 1024;

  private volatile boolean cut;

  UncutBody(InputStream body) {
    super(body);
  }

  /// Reads the body. Returns or throws when the reading is over.
  void readBy(Reading reading) throws IOException {
    CompletableFuture<Boolean> over = new CompletableFuture<>();
    Thread reader =
        Thread.ofVirtual()
            .name("import-body")
            .start(
                () -> {
                  try {
                    reading.read();
                    over.complete(true);
                  } catch (Throwable e) {
                    over.completeExceptionally(e);
                  }
                });
    while (true) {
      try {
        over.get();
        return;
      } catch (InterruptedException e) {
        cut = true;
        reader.interrupt();
      } catch (ExecutionException e) {
        switch (e.getCause()) {
          case IOException fault -> throw fault;
          case RuntimeException fault -> throw fault;
          case Error fault -> throw fault;
          case null, default -> throw new IllegalStateException("reading a body failed", e);
        }
      }
    }
  }

  /// Reads what is still to come, within limits: the sender is not listening yet, and would lose
  /// the answer with the connection.
  void readOn() {
    byte[] buffer = new byte[BUFFER_SIZE];
    try {
      for (long all = 0; all < MOST_READ_ON; ) {
        int length = in.read(buffer);
        if (length <= 0) {
          return;
        }
        all += length;
      }
    } catch (IOException | RuntimeException e) {
      // There is no more to come.
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    int count = super.read(bytes, offset, length);
    if (cut) {
      throw new ProblemException(
          Problem.overloaded("The service stops, and has not seen the end of the body."));
    }
    return count;
  }
}
