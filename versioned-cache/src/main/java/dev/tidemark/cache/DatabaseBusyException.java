package dev.tidemark.cache;

import java.time.Duration;

/// So many reads of the database are under way that this one was not let through in time. The
/// caller sheds it: a service answers 503 with `Retry-After`.
public final class DatabaseBusyException extends RuntimeException {

  private final Duration waited;

  DatabaseBusyException(Duration waited) {
    super("no read of the database was free within " + waited.toMillis() + " ms");
    this.waited = waited;
  }

  /// How long the read stood at the gate; as long again is a fair time to retry after.
  public Duration waited() {
    return waited;
  }
}
