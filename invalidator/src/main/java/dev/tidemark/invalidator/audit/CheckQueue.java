package dev.tidemark.invalidator.audit;

import dev.tidemark.invalidator.settings.AuditSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/// The events that are audited and whose checks are not all made, by when the next is due. Bounded:
/// where more come than it can keep in mind until their last check, it takes a smaller share of
/// them. Times are those of [System#nanoTime]. Confined to one thread.
final class CheckQueue {

  private static final long RATE_NANOS = Duration.ofSeconds(1).toNanos();

  /// A fifth is left for the first second of a rush, which is not known of yet.
  private static final double FILLED = 0.8;

  private final AuditSettings settings;
  private final PriorityQueue<ScheduledCheck> queue =
      new PriorityQueue<>(Comparator.comparingLong(ScheduledCheck::due));

  /// As many as leave again, when all stay until their last check.
  private final double mostPerSecond;

  private double fitting = 1;
  private long seen;
  private long seenSince;

  CheckQueue(AuditSettings settings, long now) {
    this.settings = settings;
    this.mostPerSecond = settings.mostPending() * FILLED * 1e9 / settings.last().toNanos();
    this.seenSince = now;
  }

  /// What became of an event.
  enum Admission {
    TAKEN,
    /// It is not of the share that is audited.
    NOT_SAMPLED,
    /// It would be, were there not too many.
    LEFT_OUT
  }

  /// Takes an event, if it is of the share that is audited. Which are is decided by key and
  /// version, so that all who audit audit the same.
  ///
  /// @param committed not after now
  Admission add(String key, long version, long committed, long now) {
    double fraction = fraction(key, version);
    if (fraction >= settings.share()) {
      return Admission.NOT_SAMPLED;
    }
    adapt(now);
    seen++;
    if (fraction >= settings.share() * fitting || queue.size() >= settings.mostPending()) {
      return Admission.LEFT_OUT;
    }
    schedule(new ScheduledCheck(key, version, committed, now), 0);
    return Admission.TAKEN;
  }

  /// From 0 to less than 1, evenly.
  static double fraction(String key, long version) {
    long hash = key.hashCode() * 0x9E3779B97F4A7C15L + version;
    hash = (hash ^ (hash >>> 30)) * 0xBF58476D1CE4E5B9L;
    hash = (hash ^ (hash >>> 27)) * 0x94D049BB133111EBL;
    return ((hash ^ (hash >>> 31)) >>> 11) * 0x1.0p-53;
  }

  private void adapt(long now) {
    long nanos = now - seenSince;
    if (nanos >= RATE_NANOS) {
      double perSecond = seen * 1e9 / nanos;
      fitting = perSecond <= mostPerSecond ? 1 : mostPerSecond / perSecond;
      seen = 0;
      seenSince = now;
    }
  }

  /// Has an event wait for the check after the one that was made.
  void goOn(ScheduledCheck check) {
    schedule(check, check.window() + 1);
  }

  /// The last check counts from when the event was heard of: one that comes late must not be judged
  /// before anybody could apply it.
  private void schedule(ScheduledCheck check, int window) {
    long from = isLast(window) ? check.heard() : check.committed();
    check.comesTo(window, from + settings.within().get(window).toNanos());
    queue.add(check);
  }

  /// Has an event wait for the same check until then.
  void postpone(ScheduledCheck check, long due) {
    check.comesTo(check.window(), due);
    queue.add(check);
  }

  boolean isLast(int window) {
    return window == settings.within().size() - 1;
  }

  /// Takes out those whose check is due.
  List<ScheduledCheck> takeDue(long now, int most) {
    List<ScheduledCheck> due = new ArrayList<>();
    while (due.size() < most && !queue.isEmpty() && queue.peek().due() - now <= 0) {
      due.add(queue.remove());
    }
    return due;
  }

  int size() {
    return queue.size();
  }
}
