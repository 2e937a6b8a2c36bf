package dev.tidemark.cache;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/// Lets a bounded number of reads at a time through to the database, in order of arrival, and turns
/// away who waited too long. Thread-safe.
final class DatabaseGate {

  private final Semaphore free;
  private final Duration patience;
  private final CacheMetrics metrics;

  DatabaseGate(int width, Duration patience, CacheMetrics metrics) {
    this.free = new Semaphore(width, true);
    this.patience = patience;
    this.metrics = metrics;
  }

  /// Reads a source when there is room.
  ///
  /// @throws DatabaseBusyException when it was not let through
  /// @throws SourceException when the source failed, or the thread was interrupted
  CachedValue read(String key, Source source) {
    enter(key);
    try {
      metrics.databaseRead();
      return source.read();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SourceException(key, e);
    } catch (Exception e) {
      throw new SourceException(key, e);
    } finally {
      free.release();
    }
  }

  private void enter(String key) {
    try {
      if (!free.tryAcquire(patience.toNanos(), TimeUnit.NANOSECONDS)) {
        throw new DatabaseBusyException(patience);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SourceException(key, e);
    }
  }
}
