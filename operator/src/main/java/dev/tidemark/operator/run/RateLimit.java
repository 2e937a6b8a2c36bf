package dev.tidemark.operator.run;

import dev.failsafe.RateLimiter;
import java.time.Duration;
import java.util.Optional;

/// Limits a command to a rate. Confined to one thread.
public final class RateLimit {

  private static final int BATCHES_PER_SECOND = 4;

  private final Optional<RateLimiter<Object>> limiter;
  private final int largestBatch;

  /// @param perSecond at most so many; empty for no limit
  /// @param batch the largest batch, where there is no limit
  public RateLimit(Optional<Integer> perSecond, int batch) {
    this.limiter = perSecond.map(n -> RateLimiter.smoothBuilder(n, Duration.ofSeconds(1)).build());
    this.largestBatch =
        perSecond.map(n -> Math.clamp(n / BATCHES_PER_SECOND, 1, batch)).orElse(batch);
  }

  /// Returns the largest number that may go at once for the rate to be even.
  public int largestBatch() {
    return largestBatch;
  }

  /// Waits until this number may go.
  ///
  /// @throws StopRequest.Stopped when the command is to end
  public void await(int count, StopRequest stopping) {
    if (limiter.isEmpty() || count == 0) {
      stopping.check();
    } else {
      stopping.pause(limiter.get().reservePermits(count));
    }
  }
}
