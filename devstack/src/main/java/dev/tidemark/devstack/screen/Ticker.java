package dev.tidemark.devstack.screen;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Calls an action repeatedly on a thread of its own, until closed.
public final class Ticker implements AutoCloseable {
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread;

  private Ticker(Duration period, Runnable action) {
    thread =
        Thread.ofVirtual()
            .name("ticker")
            .unstarted(
                () -> {
                  try {
                    while (!closed.await(period.toNanos(), TimeUnit.NANOSECONDS)) {
                      action.run();
                    }
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                });
  }

  public static Ticker every(Duration period, Runnable action) {
    Ticker ticker = new Ticker(period, action);
    ticker.thread.start();
    return ticker;
  }

  /// Stops. The action does not run any more when this returns.
  @Override
  public void close() {
    closed.countDown();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
