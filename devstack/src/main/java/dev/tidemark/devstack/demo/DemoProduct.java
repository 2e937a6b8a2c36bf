package dev.tidemark.devstack.demo;

import java.util.concurrent.atomic.AtomicBoolean;

/// One product of the demo, with the answers that its writers received. Thread-safe: one writer at
/// a time, any number of readers.
final class DemoProduct {
  /// Last acknowledgement of the API.
  ///
  /// @param version 0 before the first acknowledgement
  /// @param deleted whether it was a delete
  record Acknowledged(long version, boolean deleted, long nanoTime) {
    static final Acknowledged NOTHING = new Acknowledged(0, false, 0);
  }

  private final String id;
  private final String catalogueLine;
  private final AtomicBoolean writing = new AtomicBoolean();
  private volatile Acknowledged acknowledged = Acknowledged.NOTHING;

  /// Version that was acknowledged before the naive cache was last told to drop the product.
  private volatile long naiveFloor;

  DemoProduct(String id, String catalogueLine) {
    this.id = id;
    this.catalogueLine = catalogueLine;
  }

  String id() {
    return id;
  }

  /// Returns the product as the catalogue has it, as JSON.
  String catalogueLine() {
    return catalogueLine;
  }

  /// Makes the caller the one writer. Returns false when there is one.
  boolean beginWrite() {
    return writing.compareAndSet(false, true);
  }

  void endWrite() {
    writing.set(false);
  }

  boolean isBeingWritten() {
    return writing.get();
  }

  Acknowledged acknowledged() {
    return acknowledged;
  }

  /// Notes the answer of the API to the writer.
  void acknowledge(long version, boolean deleted) {
    acknowledged = new Acknowledged(version, deleted, System.nanoTime());
  }

  long naiveFloor() {
    return naiveFloor;
  }

  void naivelyEvicted(long version) {
    naiveFloor = version;
  }
}
