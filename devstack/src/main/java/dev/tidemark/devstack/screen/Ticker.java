package dev.tidemark.devstack.screen;

import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/// Calls an action repeatedly on a thread of its own.
public final class Ticker {

  private Ticker() {}

  /// Begins, after the first period. The action does not run any more when the close of what is
  /// returned does.
  public static ExecutorService every(Duration period, Runnable action) {
    var thread =
        Executors.newSingleThreadScheduledExecutor(Thread.ofVirtual().name("ticker").factory());
    var _ =
        thread.scheduleWithFixedDelay(
            action, period.toNanos(), period.toNanos(), TimeUnit.NANOSECONDS);
    return thread;
  }
}
