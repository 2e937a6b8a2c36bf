package dev.tidemark.invalidator;

import dev.failsafe.RateLimiter;
import java.time.Duration;
import java.util.Optional;

/// Holds a command to a rate. Confined to one thread.
final class Pace {

  private static final int BATCHES_PER_SECOND = 4;

  private final Optional<RateLimiter<Object>> limiter;
  private final int largestBatch;

  /// @param perSecond at most so many; empty for no limit
  /// @param batch the largest batch, where there is no limit
  Pace(Optional<Integer> perSecond, int batch) {
    this.limiter = perSecond.map(n -> RateLimiter.smoothBuilder(n, Duration.ofSeconds(1)).build());
    this.largestBatch =
        perSecond.map(n -> Math.clamp(n / BATCHES_PER_SECOND, 1, batch)).orElse(batch);
  }

  /// So many at once, for the rate to be an even one.
  int largestBatch() {
    return largestBatch;
  }

  /// Waits until so many may go.
  ///
  /// @return whether they may; else the command is to end
  boolean await(int count, Stopping stopping) {
    if (limiter.isEmpty() || count == 0) {
      return !stopping.isWished();
    }
    return !stopping.isWishedWithin(limiter.get().reservePermits(count));
  }
}
