package dev.tidemark.invalidator;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// The wish that a command end. Thread-safe.
final class Stopping {

  private final CountDownLatch wished = new CountDownLatch(1);

  void wish() {
    wished.countDown();
  }

  boolean isWished() {
    return wished.getCount() == 0;
  }

  /// Waits, unless it is to end.
  ///
  /// @return whether it is to end
  boolean isWishedWithin(Duration time) {
    try {
      return wished.await(time.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    }
  }
}
