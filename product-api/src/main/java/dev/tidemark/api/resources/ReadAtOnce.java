package dev.tidemark.api.resources;

/// The count of values that are read in one go: as many as will hardly be more than some megabytes,
/// going by the largest of those that were read lately. Thread-safe.
final class ReadAtOnce {

  private static final int BYTES = 2 * 1024 * 1024;

  /// Before any was read.
  private static final int LARGE = 64 * 1024;

  /// What was large once is forgotten by this part at a time.
  private static final int FORGOTTEN = 2;

  private final int most;
  private volatile int largest = LARGE;

  ReadAtOnce(int most) {
    this.most = most;
  }

  int count() {
    return Math.clamp(BYTES / Math.max(1, largest), 1, most);
  }

  /// Takes note of the largest of the values that were read in one go. Of two that do so at once
  /// one may be overlooked until the next time.
  void seen(int bytes) {
    int known = largest;
    largest = Math.max(bytes, known - known / FORGOTTEN);
  }
}
