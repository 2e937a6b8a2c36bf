package dev.tidemark.invalidator.audit;

/// An event between its first and its last check. Times are those of [System#nanoTime]. Confined to
/// one thread.
final class ScheduledCheck {

  private final String key;
  private final long version;
  private final long committed;
  private final long heard;

  private int window;
  private long due;
  private boolean counted;
  private boolean lagged;
  private int postponements;

  /// @param committed when the change was committed, as far as that is known
  /// @param heard when the event came; not before
  ScheduledCheck(String key, long version, long committed, long heard) {
    this.key = key;
    this.version = version;
    this.committed = committed;
    this.heard = heard;
  }

  String key() {
    return key;
  }

  long version() {
    return version;
  }

  long committed() {
    return committed;
  }

  long heard() {
    return heard;
  }

  /// Returns the next check, by its place in `AuditSettings.within`.
  int window() {
    return window;
  }

  long due() {
    return due;
  }

  void comesTo(int nextWindow, long nextDue) {
    counted = counted && nextWindow == window;
    window = nextWindow;
    due = nextDue;
  }

  /// Returns whether the check was counted before, and has to be made again.
  boolean isCounted() {
    return counted;
  }

  void count() {
    counted = true;
  }

  int postponements() {
    return postponements;
  }

  void countPostponement() {
    postponements++;
  }

  /// Notes that the cache was found to be behind the event.
  void lags() {
    lagged = true;
  }

  boolean hasLagged() {
    return lagged;
  }
}
