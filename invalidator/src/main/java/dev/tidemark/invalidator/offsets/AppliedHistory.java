package dev.tidemark.invalidator.offsets;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/// Record of the offset up to which one partition was applied at which time, for a limited period.
/// Times are those of [System#nanoTime]. Confined to one thread.
///
/// The times are measured here and not taken from the records: the time at which an eviction was
/// applied matters, however old the change was by then.
final class AppliedHistory {

  private static final long STEP_NANOS = Duration.ofSeconds(1).toNanos();

  private record Mark(long time, long offset) {}

  private final Deque<Mark> marks = new ArrayDeque<>();
  private long floor;

  /// @param floor the answer for all times that are not noted
  AppliedHistory(long floor) {
    this.floor = floor;
  }

  /// Notes the offset up to which all is applied now, which may be the same as before. Goes back
  /// when the offset does.
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

  /// Returns an offset that is not above that of anything applied after this time.
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

  /// Notes that everything from this offset on is applied again.
  void rewound(long offset) {
    marks.clear();
    floor = Math.min(floor, offset);
  }
}
