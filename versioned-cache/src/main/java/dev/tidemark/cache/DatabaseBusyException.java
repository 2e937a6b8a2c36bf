package dev.tidemark.cache;

import java.time.Duration;

/// Thrown when so many reads of the database are in progress that this one was not admitted in
/// time. The caller sheds it: a service answers 503 with `Retry-After`.
public final class DatabaseBusyException extends RuntimeException {

  private final Duration waited;

  DatabaseBusyException(Duration waited) {
    super("no read of the database was free within " + waited.toMillis() + " ms");
    this.waited = waited;
  }

  /// Returns the time that the read waited at the gate. The same time again is a fair delay before
  /// a retry.
  public Duration waited() {
    return waited;
  }
}
