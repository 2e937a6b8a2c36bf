package dev.tidemark.invalidator;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Repeats looks until [#close], and goes on after any exception: a scheduler silently drops a task
/// that has thrown once, and then no failover would be noticed (H55). Thread-safe.
final class Looks implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Looks.class);

  private static final Duration LONGEST_LOOK = Duration.ofSeconds(5);

  private final Duration pause;
  private final ScheduledExecutorService threads =
      Executors.newScheduledThreadPool(2, Thread.ofVirtual().name("watch-", 0).factory());

  /// @param pause between the end of a look and the next
  Looks(Duration pause) {
    this.pause = pause;
  }

  /// @param what is looked at, for the log
  void repeat(String what, Runnable look) {
    var _ =
        threads.scheduleWithFixedDelay(
            () -> attempt(what, look), 0, pause.toMillis(), TimeUnit.MILLISECONDS);
  }

  private static void attempt(String what, Runnable look) {
    try {
      look.run();
    } catch (RuntimeException | Error e) {
      log.atError()
          .addKeyValue("what", what)
          .setCause(e)
          .log("periodic check failed unexpectedly; retrying");
    }
  }

  /// Waits for a look that is in progress, because the object that it looks at is closed next.
  @Override
  public void close() {
    threads.shutdownNow();
    try {
      threads.awaitTermination(LONGEST_LOOK.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
