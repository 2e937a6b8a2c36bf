package dev.tidemark.devstack.demo;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;

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

  /// From 0 to 1; misses that found nothing in the database count as misses.
  double hitRatio() {
    return reads.sum() == 0 ? 0 : (double) hits.sum() / reads.sum();
  }

  /// How long the reads took since this was asked last.
  Percentiles recentReads() {
    return readLatencies.recent();
  }

  /// How long the writes took since this was asked last.
  Percentiles recentWrites() {
    return writeLatencies.recent();
  }

  /// How long all reads took.
  Percentiles allReads() {
    return readLatencies.all();
  }

  /// How long all writes took.
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
