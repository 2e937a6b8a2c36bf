package dev.tidemark.devstack.demo;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;

/// Counts and measurements of the workers since the traffic began. Thread-safe.
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

  /// Reads that began after a newer version had been acknowledged. They are allowed without
  /// `Min-Version`, and only for a short time.
  final LongAdder olderReads = new LongAdder();

  /// Longest time since the acknowledgement of the newer version at such a read.
  final AtomicLong oldestNanos = new AtomicLong();

  final LongAdder minVersionReads = new LongAdder();

  /// Reads that returned less than their `Min-Version`, which is never allowed.
  final LongAdder minVersionBroken = new LongAdder();

  final LongAdder naiveReads = new LongAdder();
  final LongAdder naiveHits = new LongAdder();

  /// Reads through the naive cache that began after it had been told to drop the product, and still
  /// got the older value.
  final LongAdder naiveOlderReads = new LongAdder();

  private final Latencies readLatencies = new Latencies();
  private final Latencies writeLatencies = new Latencies();

  void readTook(long nanos) {
    readLatencies.recorder.recordValue(Math.min(nanos / 1000, LONGEST_MICROS));
  }

  void writeTook(long nanos) {
    writeLatencies.recorder.recordValue(Math.min(nanos / 1000, LONGEST_MICROS));
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

  /// Returns the hit ratio, from 0 to 1. Misses that found nothing in the database count as misses.
  double hitRatio() {
    return reads.sum() == 0 ? 0 : (double) hits.sum() / reads.sum();
  }

  /// Returns the times of the reads since the last call.
  Percentiles recentReads() {
    return readLatencies.recent();
  }

  /// Returns the times of the writes since the last call.
  Percentiles recentWrites() {
    return writeLatencies.recent();
  }

  /// Returns the times of all reads.
  Percentiles allReads() {
    return readLatencies.all();
  }

  /// Returns the times of all writes.
  Percentiles allWrites() {
    return writeLatencies.all();
  }

  record Percentiles(double medianMillis, double p99Millis) {
    private static Percentiles of(Histogram micros) {
      return new Percentiles(
          micros.getValueAtPercentile(50) / 1000.0, micros.getValueAtPercentile(99) / 1000.0);
    }

    @Override
    public String toString() {
      return "%.1f/%.1f ms".formatted(medianMillis, p99Millis);
    }
  }

  private static final class Latencies {
    private final Recorder recorder = new Recorder(LONGEST_MICROS, DIGITS);
    private final Histogram all = new Histogram(LONGEST_MICROS, DIGITS);

    private synchronized Percentiles recent() {
      Histogram interval = recorder.getIntervalHistogram();
      all.add(interval);
      return Percentiles.of(interval);
    }

    private synchronized Percentiles all() {
      all.add(recorder.getIntervalHistogram());
      return Percentiles.of(all);
    }
  }
}
