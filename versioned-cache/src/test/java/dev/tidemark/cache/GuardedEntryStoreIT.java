package dev.tidemark.cache;

import dev.tidemark.embedded.RedisServer;
import io.opentelemetry.api.metrics.MeterProvider;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/// The contract behind a breaker that stays closed.
class GuardedEntryStoreIT extends EntryStoreContract {

  @TempDir static Path dir;
  private static RedisServer server;
  private static RedisConnection connection;

  private final EntryStore store =
      new GuardedEntryStore(
          connection.entries(),
          Duration.ZERO,
          System::nanoTime,
          new CacheMetrics(MeterProvider.noop().get("test")));

  @BeforeAll
  static void start() {
    server = RedisServer.start(dir, 0);
    connection = RedisConnection.open(server.url(), PATIENT);
  }

  @AfterAll
  static void stop() {
    connection.close();
    server.close();
  }

  @Override
  EntryStore store() {
    return store;
  }
}
