package dev.tidemark.operator.run;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Request that a command end. The work asks for it where it can end, and is then left by
/// [Stopped], which [CommandRun] catches. Thread-safe.
public final class StopRequest {

  private final CountDownLatch wished = new CountDownLatch(1);

  /// Thrown through the work of a command that is to end. What is done is done.
  public static final class Stopped extends RuntimeException {
    public Stopped() {
      super("the command is to end");
    }
  }

  public void request() {
    wished.countDown();
  }

  /// Ends the command's work where it is to end.
  ///
  /// @throws Stopped when the command is to end
  public void check() {
    if (wished.getCount() == 0) {
      throw new Stopped();
    }
  }

  /// Waits.
  ///
  /// @throws Stopped when the command is to end
  public void pause(Duration time) {
    if (awaitRequested(time)) {
      throw new Stopped();
    }
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
