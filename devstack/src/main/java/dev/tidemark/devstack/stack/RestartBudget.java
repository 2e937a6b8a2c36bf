package dev.tidemark.devstack.stack;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/// Pause before a part that died is started again: none at first, longer each time, and when it
/// died too often, until a minute has gone by. Confined to one thread.
final class RestartBudget {
  static final int PER_MINUTE = 10;
  private static final Duration WINDOW = Duration.ofMinutes(1);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  /// Times of the restarts within the last minute, as `System.nanoTime`.
  private final Deque<Long> restarts = new ArrayDeque<>();

  /// Pause before the next start.
  ///
  /// @param exhausted whether the part has used up its starts of this minute: a person should look
  record Pause(Duration length, boolean exhausted) {}

  /// Counts one more restart, which happens after the pause.
  Pause next(long now) {
    while (!restarts.isEmpty() && now - restarts.getFirst() >= WINDOW.toNanos()) {
      restarts.removeFirst();
    }
    int recent = restarts.size();
    boolean exhausted = recent >= PER_MINUTE;
    Duration pause;
    if (recent == 0) {
      pause = Duration.ZERO;
    } else if (exhausted) {
      pause = WINDOW.minusNanos(now - restarts.removeFirst());
    } else {
      Duration doubled = FIRST_PAUSE.multipliedBy(1L << (recent - 1));
      pause = doubled.compareTo(LONGEST_PAUSE) < 0 ? doubled : LONGEST_PAUSE;
    }
    restarts.addLast(now + pause.toNanos());
    return new Pause(pause, exhausted);
  }
}
