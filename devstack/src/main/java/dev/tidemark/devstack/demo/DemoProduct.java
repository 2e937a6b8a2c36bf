package dev.tidemark.devstack.demo;

import java.util.concurrent.atomic.AtomicBoolean;

/// One product of the demo, with what its writers were told. Thread-safe: one writer at a time, any
/// number of readers.
final class DemoProduct {
  /// What the API acknowledged last.
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

  /// The version that was acknowledged before the naive cache was last told to forget the product.
  private volatile long naiveFloor;

  DemoProduct(String id, String catalogueLine) {
    this.id = id;
    this.catalogueLine = catalogueLine;
  }

  String id() {
    return id;
  }

  /// The product as the catalogue has it, as JSON.
  String catalogueLine() {
    return catalogueLine;
  }

  /// Makes the caller the one writer; false when there is one.
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

  /// The writer tells what the API answered.
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
