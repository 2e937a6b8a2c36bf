package dev.tidemark.api.resources;

/// Number of values that are read at once: as many as will hardly exceed some megabytes, estimated
/// by the largest of those that were read lately. Thread-safe.
final class ReadAtOnce {

  private static final int BYTES = 2 * 1024 * 1024;

  /// Size assumed before any was read.
  private static final int LARGE = 64 * 1024;

  /// Divisor of the noted size: each smaller read reduces it by this part.
  private static final int FORGOTTEN = 2;

  private final int most;
  private volatile int largest = LARGE;

  ReadAtOnce(int most) {
    this.most = most;
  }

  int count() {
    return Math.clamp(BYTES / Math.max(1, largest), 1, most);
  }

  /// Notes the largest of the values that were read at once. When two threads do so at once, one
  /// may be overlooked until the next time.
  void seen(int bytes) {
    int known = largest;
    largest = Math.max(bytes, known - known / FORGOTTEN);
  }
}
