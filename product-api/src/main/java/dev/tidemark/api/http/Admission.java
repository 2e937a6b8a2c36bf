package dev.tidemark.api.http;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/// The requests that are carried out at the same time, the same for all resources. Thread-safe.
public final class Admission {

  private final Semaphore free;
  private final BooleanSupplier draining;
  private final BytesUnderWay bytes;
  private final LongSupplier nanoTime;

  /// When none was free for the first time since one was; 0 while one is.
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

  /// Whether another request is taken on; it must [#leave].
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

  /// What those that are carried out may hold together.
  BytesUnderWay bytes() {
    return bytes;
  }

  boolean isDraining() {
    return draining.getAsBoolean();
  }

  /// How long no request has been taken on; empty while one would be.
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
      // 0 stands for none.
      long now = nanoTime.getAsLong() | 1;
      since = fullSince.compareAndSet(0, now) ? now : fullSince.get();
    }
    return since == 0 ? nanoTime.getAsLong() : since;
  }
}
