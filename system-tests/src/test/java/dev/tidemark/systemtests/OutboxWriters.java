package dev.tidemark.systemtests;

import dev.tidemark.systemtests.OutboxWriter.Shape;
import dev.tidemark.systemtests.OutboxWriter.WriteFailed;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jdbi.v3.core.Jdbi;

/// Threads that write to the outbox all the time, one for each shape of transaction and one for
/// single rows beside them, so that transactions interleave in the log. Thread-safe.
final class OutboxWriters implements AutoCloseable {
  private static final int AGGREGATES = 100;

  private final ScheduledExecutorService threads;
  private final AtomicInteger failures = new AtomicInteger();
  private final AtomicInteger writesSinceFailure = new AtomicInteger();

  private OutboxWriters(int count) {
    this.threads = Executors.newScheduledThreadPool(count);
  }

  /// @param name begins the ids of their aggregates
  static OutboxWriters start(Jdbi database, String name, Shape... shapes) {
    var writers = new OutboxWriters(shapes.length + 1);
    writers.write(new OutboxWriter(database, name + "-beside", AGGREGATES), Shape.ONE_ROW);
    for (var shape : shapes) {
      writers.write(new OutboxWriter(database, name + "-" + shape, AGGREGATES), shape);
    }
    return writers;
  }

  int failures() {
    return failures.get();
  }

  boolean haveWrittenSinceFailure() {
    return writesSinceFailure.get() > 0;
  }

  private void write(OutboxWriter writer, Shape shape) {
    var _ =
        threads.scheduleWithFixedDelay(
            () -> {
              try {
                writer.write(shape);
                writesSinceFailure.incrementAndGet();
              } catch (WriteFailed e) {
                failures.incrementAndGet();
                writesSinceFailure.set(0);
              }
            },
            0,
            shape.pause().toMillis(),
            TimeUnit.MILLISECONDS);
  }

  /// Returns when the last transaction has ended.
  @Override
  public void close() {
    threads.close();
  }
}
