package dev.tidemark.invalidator.status;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.metrics.LongCounter;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.metrics.ObservableDoubleMeasurement;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.LongSupplier;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.SingleWriterRecorder;

/// Time from the commit of each change until no older value was in the cache, over the last minute
/// and since the start.
///
/// The commit's time comes from PostgreSQL's log, the other from this machine, so the difference of
/// their clocks is part of the result. A change from the future counts as evicted at once, and is
/// counted separately.
///
/// Thread-safe: one thread reports the times, others read.
public final class CommitToEvict {

  /// Quantiles of the times that are reported, beside their number.
  static final List<Quantile> QUANTILES =
      List.of(new Quantile("0.5"), new Quantile("0.99"), new Quantile("0.999"));

  /// Limits for which the share of times within them is reported.
  static final List<Limit> LIMITS =
      List.of(
          new Limit("10ms", Duration.ofMillis(10)),
          new Limit("100ms", Duration.ofMillis(100)),
          new Limit("2s", Duration.ofSeconds(2)));

  private static final Duration WINDOW = Duration.ofMinutes(1);
  private static final Duration SLICE = Duration.ofSeconds(5);

  /// Precision of each time, in digits; the times are in microseconds.
  private static final int SIGNIFICANT_DIGITS = 3;

  /// Largest age of a commit: an older one counts as this old, which bounds memory.
  private static final Duration LONGEST = Duration.ofDays(365);

  /// Bounds of the histogram's buckets, in seconds: from 1 ms, close together where the time of a
  /// healthy system lies, to an hour.
  private static final List<Double> BUCKETS =
      List.of(
          0.001, 0.002, 0.003, 0.004, 0.005, 0.006, 0.008, 0.01, 0.0125, 0.015, 0.02, 0.025, 0.03,
          0.04, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0,
          3600.0);

  private static final double NANOS = 1e9;

  /// @param text as a metric's label has it
  record Quantile(String text) {
    double value() {
      return Double.parseDouble(text);
    }
  }

  /// @param text as a metric's label has it
  record Limit(String text, Duration time) {}

  private record Slice(long begin, Histogram times) {}

  private final LongSupplier nanoTime;
  private final DoubleHistogram buckets;
  private final LongCounter fromTheFuture;
  private final SingleWriterRecorder recorder = new SingleWriterRecorder(SIGNIFICANT_DIGITS);
  private final Histogram sinceStart = new Histogram(SIGNIFICANT_DIGITS);
  private final Deque<Slice> slices = new ArrayDeque<>();

  /// Sets up the instruments.
  ///
  /// @param nanoTime as [System#nanoTime]
  public CommitToEvict(Meter meter, LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    buckets =
        meter
            .histogramBuilder("invalidation_commit_to_evict")
            .setUnit("s")
            .setDescription("From the commit of a change until no older value is in the cache")
            .setExplicitBucketBoundariesAdvice(BUCKETS)
            .build();
    fromTheFuture =
        meter
            .counterBuilder("invalidation_commits_from_the_future")
            .setDescription(
                "Changes committed later than now, by this machine's clock; their time counts as 0")
            .build();
    meter
        .gaugeBuilder("invalidation_commit_to_evict_quantile")
        .setUnit("s")
        .setDescription("From commit to evict, quantiles of the last minute")
        .buildWithCallback(this::quantiles);
    meter
        .gaugeBuilder("invalidation_within_ratio")
        .setDescription("Share of the last minute's changes that were evicted within the time")
        .buildWithCallback(this::shares);
  }

  /// Counts a change that was evicted.
  ///
  /// @param time since its commit
  public void took(Duration time) {
    Duration counted = time;
    if (time.isNegative()) {
      fromTheFuture.add(1);
      counted = Duration.ZERO;
    } else if (time.compareTo(LONGEST) > 0) {
      counted = LONGEST;
    }
    buckets.record(counted.toNanos() / NANOS);
    recorder.recordValue(counted.toNanos() / 1000);
  }

  /// Removes old times from the window. To be called every few seconds.
  public synchronized void roll() {
    long now = nanoTime.getAsLong();
    Histogram news = recorder.getIntervalHistogram();
    sinceStart.add(news);
    if (slices.isEmpty() || now - slices.getLast().begin() >= SLICE.toNanos()) {
      slices.addLast(new Slice(now, news));
    } else {
      slices.getLast().times().add(news);
    }
    while (now - slices.getFirst().begin() >= WINDOW.toNanos()) {
      slices.removeFirst();
    }
  }

  /// Returns the times of the last minute.
  synchronized Times lately() {
    roll();
    Histogram sum = new Histogram(SIGNIFICANT_DIGITS);
    slices.forEach(slice -> sum.add(slice.times()));
    return new Times(sum);
  }

  synchronized Times sinceStart() {
    roll();
    return new Times(sinceStart.copy());
  }

  private void quantiles(ObservableDoubleMeasurement gauge) {
    Times times = lately();
    if (times.count() > 0) {
      for (Quantile quantile : QUANTILES) {
        gauge.record(
            times.at(quantile).toNanos() / NANOS,
            Attributes.of(AttributeKey.stringKey("quantile"), quantile.text()));
      }
    }
  }

  private void shares(ObservableDoubleMeasurement gauge) {
    Times times = lately();
    if (times.count() > 0) {
      for (Limit limit : LIMITS) {
        gauge.record(
            times.shareWithin(limit),
            Attributes.of(AttributeKey.stringKey("within"), limit.text()));
      }
    }
  }

  /// A snapshot of some of the times. Immutable.
  static final class Times {

    private final Histogram micros;

    private Times(Histogram micros) {
      this.micros = micros;
    }

    long count() {
      return micros.getTotalCount();
    }

    /// Returns the time at a quantile; zero when there is none.
    Duration at(Quantile quantile) {
      return Duration.ofNanos(1000 * micros.getValueAtPercentile(100 * quantile.value()));
    }

    /// Returns the share of times within the limit, from 0 to 1; 1 when there is none.
    double shareWithin(Limit limit) {
      return count() == 0
          ? 1
          : (double) micros.getCountBetweenValues(0, limit.time().toNanos() / 1000) / count();
    }
  }
}
