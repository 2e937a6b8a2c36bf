package dev.tidemark.api.store;

import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Tells whether the database can be reached, according to its users. A change is logged once.
/// Thread-safe.
final class DatabaseReach {
  private static final Logger log = LoggerFactory.getLogger(DatabaseReach.class);

  private final AtomicBoolean away = new AtomicBoolean();

  void answered() {
    if (away.get() && away.getAndSet(false)) {
      log.info("PostgreSQL answers again");
    }
  }

  /// Notes a failure, and returns its argument.
  RuntimeException failed(RuntimeException thrown) {
    if (thrown instanceof DatabaseFault fault
        && fault.kind() == DatabaseFault.Kind.UNREACHABLE
        && !away.getAndSet(true)) {
      log.atWarn()
          .addKeyValue("reason", fault.getMessage())
          .log(
              "PostgreSQL is unreachable; uncached reads and all writes are answered with"
                  + " 503");
    }
    return thrown;
  }
}
