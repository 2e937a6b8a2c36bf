package dev.tidemark.benchmarks;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.HdrHistogram.Histogram;

/// Threads that read keys one after the other as fast as they can, for a given time. Each begins at
/// another key, and goes round. Confined to one thread.
final class Readers implements AutoCloseable {

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private static final int HISTOGRAM_DIGITS = 3;
  private static final long LONGEST_NANOS = Duration.ofMinutes(1).toNanos();

  private final int count;
  private final List<String> keys;
  private final Duration time;
  private final ExecutorService threads;

  Readers(int count, List<String> keys, Duration time) {
    this.count = count;
    this.keys = List.copyOf(keys);
    this.time = time;
    this.threads = Executors.newFixedThreadPool(count);
  }

  private record Work(long nanos, long cpuNanos, long allocated, Histogram latencies) {}

  /// Returns the figures of one round: `us`, the average time of one read; `p50_us` and `p99_us`;
  /// `cpu_us`, the processor time of the reading thread for one read, which other work on the
  /// machine changes least; `bytes` that one read allocates.
  Map<String, Double> round(Consumer<String> read) throws Exception {
    List<Callable<Work>> loops = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int first = i * keys.size() / count;
      loops.add(() -> loop(first, read));
    }
    Histogram latencies = new Histogram(LONGEST_NANOS, HISTOGRAM_DIGITS);
    long nanos = 0;
    long cpuNanos = 0;
    long allocated = 0;
    for (Future<Work> loop : threads.invokeAll(loops)) {
      Work work = loop.get();
      nanos += work.nanos();
      cpuNanos += work.cpuNanos();
      allocated += work.allocated();
      latencies.add(work.latencies());
    }
    double reads = latencies.getTotalCount();
    return Map.of(
        "us", nanos / reads / 1e3,
        "p50_us", latencies.getValueAtPercentile(50) / 1e3,
        "p99_us", latencies.getValueAtPercentile(99) / 1e3,
        "cpu_us", cpuNanos / reads / 1e3,
        "bytes", allocated / reads);
  }

  private Work loop(int first, Consumer<String> read) {
    // As large as ever needed from the start: growth would count as allocation by the reads.
    Histogram latencies = new Histogram(LONGEST_NANOS, HISTOGRAM_DIGITS);
    long allocated = THREADS.getCurrentThreadAllocatedBytes();
    long cpu = THREADS.getCurrentThreadCpuTime();
    long begin = System.nanoTime();
    long now = begin;
    for (int i = first; now - begin < time.toNanos(); i++) {
      read.accept(keys.get(i % keys.size()));
      long after = System.nanoTime();
      latencies.recordValue(after - now);
      now = after;
    }
    return new Work(
        now - begin,
        THREADS.getCurrentThreadCpuTime() - cpu,
        THREADS.getCurrentThreadAllocatedBytes() - allocated,
        latencies);
  }

  @Override
  public void close() {
    threads.close();
  }
}
