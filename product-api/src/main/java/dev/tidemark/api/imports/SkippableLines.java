package dev.tidemark.api.imports;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;

/// Sends lines to a reader that may not be listening yet: while one is on its way, on a thread of
/// its own, later ones are left out. Only the last is always sent. Confined to one thread.
final class SkippableLines {

  private static final Executor SENDER = Thread.ofVirtual().name("import-progress")::start;

  private final OutputStream out;
  private CompletableFuture<Void> onItsWay = CompletableFuture.completedFuture(null);

  SkippableLines(OutputStream out) {
    this.out = out;
  }

  /// Sends a line, unless one is on its way. Returns at once.
  ///
  /// @throws IOException when the line before was not sent
  void offer(byte[] line) throws IOException {
    if (onItsWay.isDone()) {
      awaitSent();
      onItsWay = CompletableFuture.runAsync(() -> sendUnchecked(line), SENDER);
    }
  }

  /// Sends the last line when the one before is out, and ends the body.
  void end(byte[] line) throws IOException {
    awaitSent();
    send(line);
    out.close();
  }

  private void awaitSent() throws IOException {
    try {
      onItsWay.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof UncheckedIOException fault) {
        throw new IOException("the line before was not sent", fault);
      }
      throw e;
    }
  }

  private void sendUnchecked(byte[] line) {
    try {
      send(line);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void send(byte[] line) throws IOException {
    out.write(line);
    out.write('\n');
    out.flush();
  }
}
