package dev.tidemark.operator.run;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Request that a command end. Thread-safe.
public final class StopRequest {

  private final CountDownLatch wished = new CountDownLatch(1);

  public void request() {
    wished.countDown();
  }

  public boolean isRequested() {
    return wished.getCount() == 0;
  }

  /// Waits, unless the command is to end.
  ///
  /// @return whether it is to end
  public boolean awaitRequested(Duration time) {
    try {
      return wished.await(time.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    }
  }
}
