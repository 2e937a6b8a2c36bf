package dev.tidemark.devstack;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/// What the workers counted and measured since the traffic began. Thread-safe.
final class TrafficFigures {
  private static final long LONGEST_MICROS = 60_000_000;
  private static final int DIGITS = 2;

  final LongAdder reads = new LongAdder();
  final LongAdder hits = new LongAdder();
  final LongAdder notFound = new LongAdder();
  final LongAdder errors = new LongAdder();
  final LongAdder updates = new LongAdder();
  final LongAdder deletes = new LongAdder();
  final LongAdder recreations = new LongAdder();

  /// Reads that began after a newer version had been acknowledged. Allowed without `Min-Version`,
  /// and short.
  final LongAdder olderReads = new LongAdder();

  /// How long the newer version had been acknowledged by then, at most.
  final AtomicLong oldestNanos = new AtomicLong();

  final LongAdder minVersionReads = new LongAdder();

  /// Reads that answered less than their `Min-Version`: never allowed.
  final LongAdder minVersionBroken = new LongAdder();

  final LongAdder naiveReads = new LongAdder();
  final LongAdder naiveHits = new LongAdder();

  /// Reads through the naive cache that began after it had been told to forget, and got the older
  /// value all the same.
  final LongAdder naiveOlderReads = new LongAdder();

  private final Histogram readMicros = new ConcurrentHistogram(LONGEST_MICROS, DIGITS);
  private final Histogram writeMicros = new ConcurrentHistogram(LONGEST_MICROS, DIGITS);

  void readTook(long nanos) {
    readMicros.recordValue(Math.min(nanos / 1000, LONGEST_MICROS));
  }

  void writeTook(long nanos) {
    writeMicros.recordValue(Math.min(nanos / 1000, LONGEST_MICROS));
  }

  void olderRead(long nanosSinceAcknowledged) {
    olderReads.increment();
    oldestNanos.accumulateAndGet(nanosSinceAcknowledged, Math::max);
  }

  long writes() {
    return updates.sum() + deletes.sum() + recreations.sum();
  }

  long requests() {
    return reads.sum() + writes();
  }

  /// From 0 to 1; misses that found nothing in the database count as misses.
  double hitRatio() {
    return reads.sum() == 0 ? 0 : (double) hits.sum() / reads.sum();
  }

  double readMillis(double percentile) {
    return readMicros.getValueAtPercentile(percentile) / 1000.0;
  }

  double writeMillis(double percentile) {
    return writeMicros.getValueAtPercentile(percentile) / 1000.0;
  }
}
