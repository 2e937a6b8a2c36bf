package dev.tidemark.benchmarks;

import java.time.Duration;
import java.util.BitSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/// Times at which the rows of one round came out at the other end of a side. One thread reports
/// them, another asks for them.
///
/// The first rows of the backlog are the side's warm-up: it has just been started.
final class Arrivals {

  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final int LOOK_MILLIS = 200;

  private final Backlog backlog;
  private final int turn;
  private final long[] single;
  private final CountDownLatch warm = new CountDownLatch(1);
  private final CountDownLatch drained = new CountDownLatch(1);
  private final CountDownLatch singles;
  private final BitSet seen = new BitSet();
  private final AtomicInteger counted = new AtomicInteger();
  private volatile long first;
  private volatile long warmAt;
  private volatile long drainedAt;

  /// @param turn whose rows these are, of the sides in this round: each has single rows of its own
  /// @param singleRows how many rows come one by one after the backlog
  Arrivals(Backlog backlog, int turn, int singleRows) {
    this.backlog = backlog;
    this.turn = turn;
    this.single = new long[singleRows];
    this.singles = new CountDownLatch(singleRows);
  }

  /// Returns the aggregate of the single row n, counted from 0.
  String single(int n) {
    return backlog.single(turn, n);
  }

  /// Notes that a row has come. Rows of other rounds are ignored.
  void arrived(String aggregateId, long version) {
    long now = System.nanoTime();
    int row = backlog.rowOf(aggregateId, version);
    if (row >= 0) {
      inBacklog(row, now);
      return;
    }
    int number = backlog.singleOf(turn, aggregateId);
    if (number >= 0) {
      single[number] = now;
      singles.countDown();
    }
  }

  private void inBacklog(int row, long now) {
    if (seen.get(row)) {
      throw new IllegalStateException("row %d of the backlog came twice".formatted(row));
    }
    seen.set(row);
    int count = counted.incrementAndGet();
    if (count == 1) {
      first = now;
    }
    if (count == backlog.warmUpRows()) {
      warmAt = now;
      warm.countDown();
    }
    if (count == backlog.warmUpRows() + backlog.rows()) {
      drainedAt = now;
      drained.countDown();
    }
  }

  /// @param alive false when no more can come
  void awaitWarm(BooleanSupplier alive) throws InterruptedException, TimeoutException {
    await(warm, "the warm-up of the backlog", alive);
  }

  void awaitDrained(BooleanSupplier alive) throws InterruptedException, TimeoutException {
    await(drained, "the backlog", alive);
  }

  /// Returns the times at which the single rows came, by [System#nanoTime].
  long[] awaitSingles(BooleanSupplier alive) throws InterruptedException, TimeoutException {
    await(singles, "the single rows", alive);
    return single.clone();
  }

  /// Returns the time between the arrivals of the last row of the warm-up and the last of all, for
  /// each row.
  double microsPerRow() {
    return (drainedAt - warmAt) / 1e3 / backlog.rows();
  }

  /// Returns the time between the arrivals of the first row and the last of the warm-up, for each
  /// row.
  double coldMicrosPerRow() {
    return (warmAt - first) / 1e3 / Math.max(1, backlog.warmUpRows() - 1);
  }

  private void await(CountDownLatch latch, String what, BooleanSupplier alive)
      throws InterruptedException, TimeoutException {
    long giveUp = System.nanoTime() + PATIENCE.toNanos();
    while (!latch.await(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
      if (!alive.getAsBoolean() || System.nanoTime() > giveUp) {
        throw new TimeoutException(
            alive.getAsBoolean()
                ? "%s did not come within %s, only %d rows".formatted(what, PATIENCE, counted.get())
                : what + " cannot come: what should carry it has ended");
      }
    }
  }
}
