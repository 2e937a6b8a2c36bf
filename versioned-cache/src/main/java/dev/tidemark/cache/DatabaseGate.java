package dev.tidemark.cache;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/// Admits a limited number of reads at a time to the database, in order of arrival, and rejects
/// those that waited too long. Thread-safe.
final class DatabaseGate {

  private final Semaphore free;
  private final Duration patience;
  private final CacheMetrics metrics;

  DatabaseGate(int width, Duration patience, CacheMetrics metrics) {
    this.free = new Semaphore(width, true);
    this.patience = patience;
    this.metrics = metrics;
  }

  /// Reads when there is room.
  ///
  /// @param what names what is read, for the error
  /// @throws DatabaseBusyException when it was not let through
  /// @throws SourceException when the source failed, or the thread was interrupted
  <T> T read(String what, Callable<T> source) {
    return read(what, source, patience);
  }

  /// Reads only when there is room at once, for work that can also be left undone.
  <T> T readIfFree(String what, Callable<T> source) {
    return read(what, source, Duration.ZERO);
  }

  private <T> T read(String what, Callable<T> source, Duration wait) {
    try {
      if (!free.tryAcquire(wait.toNanos(), TimeUnit.NANOSECONDS)) {
        throw new DatabaseBusyException(wait);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SourceException(what, e);
    }
    try {
      metrics.databaseRead();
      return source.call();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SourceException(what, e);
    } catch (Exception e) {
      throw new SourceException(what, e);
    } finally {
      free.release();
    }
  }
}
