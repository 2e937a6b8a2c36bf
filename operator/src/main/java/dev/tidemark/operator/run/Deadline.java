package dev.tidemark.operator.run;

import java.time.Duration;

/// Time by which an answer must be there.
///
/// @param nanos on the clock of [System#nanoTime]
public record Deadline(long nanos) {

  public static Deadline in(Duration time) {
    return new Deadline(System.nanoTime() + time.toNanos());
  }

  /// Returns the time that is left; zero when it is over.
  public Duration left() {
    return Duration.ofNanos(Math.max(0, nanos - System.nanoTime()));
  }

  public boolean isOver() {
    return left().isZero();
  }

  /// Returns an earlier deadline, when this share of the remaining time has passed.
  public Deadline at(double share) {
    return in(Duration.ofNanos((long) (share * left().toNanos())));
  }
}
