package dev.tidemark.invalidator.offsets;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/// How far one partition was applied at which times, for the last while. Times are those of
/// [System#nanoTime]. Confined to one thread.
///
/// Times of one's own, not of the records: what matters is when an eviction was applied, however
/// old the change was by then.
final class AppliedHistory {

  private static final long STEP_NANOS = Duration.ofSeconds(1).toNanos();

  private record Mark(long time, long offset) {}

  private final Deque<Mark> marks = new ArrayDeque<>();
  private long floor;

  /// @param floor the answer for all times that are not noted
  AppliedHistory(long floor) {
    this.floor = floor;
  }

  /// Notes how far it is applied now, which may be as far as before. Goes back when the offset
  /// does.
  ///
  /// @param oldestNeeded times before will not be asked for any more
  void applied(long offset, long now, long oldestNeeded) {
    if (marks.isEmpty()
        || (now - marks.getLast().time() >= STEP_NANOS && offset != marks.getLast().offset())) {
      marks.addLast(new Mark(now, offset));
    }
    while (!marks.isEmpty() && marks.getFirst().time() - oldestNeeded < 0) {
      floor = marks.removeFirst().offset();
    }
  }

  /// What was applied after then lies at this offset or above.
  long at(long time) {
    long offset = floor;
    for (Mark mark : marks) {
      if (mark.time() - time > 0) {
        break;
      }
      offset = mark.offset();
    }
    return offset;
  }

  /// From here on everything is applied again.
  void rewound(long offset) {
    marks.clear();
    floor = Math.min(floor, offset);
  }
}
