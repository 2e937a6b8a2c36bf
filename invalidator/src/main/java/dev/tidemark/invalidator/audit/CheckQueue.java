package dev.tidemark.invalidator.audit;

import dev.tidemark.invalidator.settings.AuditSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/// Events that are audited and have checks left, ordered by the time of the next check. Bounded:
/// when more events come than it can hold until their last check, it takes a smaller share of them.
/// Times are those of [System#nanoTime]. Confined to one thread.
final class CheckQueue {

  private static final long RATE_NANOS = Duration.ofSeconds(1).toNanos();

  /// Part of the capacity that is used. A fifth stays free for the first second of a burst, which
  /// is not yet measured.
  private static final double FILLED = 0.8;

  private final AuditSettings settings;
  private final PriorityQueue<ScheduledCheck> queue =
      new PriorityQueue<>(Comparator.comparingLong(ScheduledCheck::due));

  /// Rate at which events leave when all stay until their last check, and so the highest rate of
  /// admission.
  private final double mostPerSecond;

  private double fitting = 1;
  private long seen;
  private long seenSince;

  CheckQueue(AuditSettings settings, long now) {
    this.settings = settings;
    this.mostPerSecond = settings.mostPending() * FILLED * 1e9 / settings.last().toNanos();
    this.seenSince = now;
  }

  /// Result of an admission.
  enum Admission {
    TAKEN,
    /// The event is not in the audited share.
    NOT_SAMPLED,
    /// The event is in the audited share, but there are too many.
    LEFT_OUT
  }

  /// Takes an event if it is in the audited share. The key and the version decide this, so that all
  /// auditors audit the same events.
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

  /// Returns a number from 0 to less than 1, evenly distributed.
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

  /// Schedules the next check of an event.
  void goOn(ScheduledCheck check) {
    schedule(check, check.window() + 1);
  }

  /// Schedules a check. The time of the last check counts from when the event was received: an
  /// event that comes late must not be judged before anybody could apply it.
  private void schedule(ScheduledCheck check, int window) {
    long from = isLast(window) ? check.heard() : check.committed();
    check.comesTo(window, from + settings.within().get(window).toNanos());
    queue.add(check);
  }

  /// Schedules the same check of an event again.
  void postpone(ScheduledCheck check, long due) {
    check.comesTo(check.window(), due);
    queue.add(check);
  }

  boolean isLast(int window) {
    return window == settings.within().size() - 1;
  }

  /// Removes and returns the events whose check is due.
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
