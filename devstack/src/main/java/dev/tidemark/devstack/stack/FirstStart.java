package dev.tidemark.devstack.stack;

import dev.tidemark.devstack.screen.Screen;
import dev.tidemark.devstack.screen.Ticker;
import dev.tidemark.embedded.Patience;
import dev.tidemark.embedded.ServerStartException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine;

/// First start of a part. It is tried again if the part dies or hangs, and the user who waits is
/// informed.
///
/// @param afterLaunch called when the part has a new process
/// @param stopping ends the waiting
record FirstStart(Screen screen, Runnable afterLaunch, CountDownLatch stopping) {
  private static final int ATTEMPTS = 3;
  private static final Duration PAUSE = Duration.ofMillis(500);
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final Duration WORD_EACH = Duration.ofSeconds(20);
  private static final double BUSY = 1.5;

  /// Returns when the part is ready, or everything stops.
  ///
  /// @throws StackException when it does not start at the last attempt, refuses its settings, or is
  ///   not ready in time
  void of(Part part) throws InterruptedException {
    long begin = System.nanoTime();
    try (ExecutorService _ = Ticker.every(WORD_EACH, () -> tellOfSlowness(part, begin))) {
      for (int attempt = 1; stopping.getCount() > 0; attempt++) {
        try {
          part.launch();
          afterLaunch.run();
          String missing = part.awaitReady(PATIENCE);
          if (missing.isEmpty() || stopping.getCount() == 0) {
            return;
          }
          throw new StackException(
              "%s is not ready after %d s: %s. See %s"
                  .formatted(part.name(), secondsSince(begin), missing, part.log()));
        } catch (ServerStartException e) {
          if (attempt == ATTEMPTS || refusesItsSettings(part)) {
            throw new StackException(String.valueOf(e.getMessage()), e);
          }
          if (stopping.await(PAUSE.toMillis(), TimeUnit.MILLISECONDS)) {
            return;
          }
          screen.line(
              "%s; it is started again (%d of %d)"
                  .formatted(e.getMessage(), attempt + 1, ATTEMPTS));
        }
      }
    }
  }

  private static boolean refusesItsSettings(Part part) {
    return part instanceof Service
        && part.wasLaunched()
        && part.exit().getNow(CommandLine.ExitCode.OK) == CommandLine.ExitCode.USAGE;
  }

  private void tellOfSlowness(Part part, long begin) {
    double load = Patience.load();
    String why =
        load < BUSY ? "" : "; the machine is busy, %.1f tasks for each processor".formatted(load);
    screen.line(
        "  %-14s has been starting for %d s%s".formatted(part.name(), secondsSince(begin), why));
  }

  private static long secondsSince(long begin) {
    return Duration.ofNanos(System.nanoTime() - begin).toSeconds();
  }
}
