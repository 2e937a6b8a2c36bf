package dev.tidemark.cache;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/// Pauses that double, with jitter, until a limit of time is used up. Confined to one thread.
final class Backoff {

  private static final Duration FIRST = Duration.ofMillis(2);
  private static final Duration LONGEST = Duration.ofMillis(50);

  private final long end;
  private long next = FIRST.toNanos();

  Backoff(Duration limit) {
    this.end = System.nanoTime() + limit.toNanos();
  }

  /// Pauses for the next time.
  ///
  /// @return false, at once, when the time is used up
  boolean pause() throws InterruptedException {
    long left = end - System.nanoTime();
    if (left <= 0) {
      return false;
    }
    long jittered = ThreadLocalRandom.current().nextLong(next / 2, next + 1);
    TimeUnit.NANOSECONDS.sleep(Math.min(jittered, left));
    next = Math.min(next * 2, LONGEST.toNanos());
    return true;
  }
}
