package dev.tidemark.api.http;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/// Limit of concurrent requests, the same for all resources. Thread-safe.
public final class Admission {

  private final Semaphore free;
  private final BooleanSupplier draining;
  private final BytesUnderWay bytes;
  private final LongSupplier nanoTime;

  /// Time since which no permit has been free; 0 while one is.
  private final AtomicLong fullSince = new AtomicLong();

  /// @param requests how many may be carried out at the same time
  /// @param draining whether the service is about to stop: what it answers then is the last on its
  ///   connection
  public Admission(
      int requests, BytesUnderWay bytes, BooleanSupplier draining, LongSupplier nanoTime) {
    this.free = new Semaphore(requests);
    this.bytes = bytes;
    this.draining = draining;
    this.nanoTime = nanoTime;
  }

  /// Returns whether another request is accepted. An accepted one must [#leave].
  boolean tryEnter() {
    boolean entered = free.tryAcquire();
    if (!entered) {
      noteFull();
    } else if (fullSince.get() != 0) {
      fullSince.set(0);
    }
    return entered;
  }

  void leave() {
    free.release();
  }

  /// Returns the memory limit that concurrent requests share.
  BytesUnderWay bytes() {
    return bytes;
  }

  boolean isDraining() {
    return draining.getAsBoolean();
  }

  /// Returns the time for which no request has been accepted; empty while one would be.
  public Optional<Duration> full() {
    if (free.availablePermits() > 0) {
      fullSince.set(0);
      return Optional.empty();
    }
    return Optional.of(Duration.ofNanos(nanoTime.getAsLong() - noteFull()));
  }

  private long noteFull() {
    long since = fullSince.get();
    if (since == 0) {
      // The value 0 stands for none.
      long now = nanoTime.getAsLong() | 1;
      since = fullSince.compareAndSet(0, now) ? now : fullSince.get();
    }
    return since == 0 ? nanoTime.getAsLong() : since;
  }
}
