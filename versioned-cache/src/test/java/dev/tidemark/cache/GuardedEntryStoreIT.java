package dev.tidemark.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.cache.store.EntryStoreContract;
import dev.tidemark.cache.store.EntryStoreException;
import dev.tidemark.cache.store.Lookup;
import dev.tidemark.embedded.RedisServer;
import io.opentelemetry.api.metrics.MeterProvider;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The contract behind a breaker that stays closed, and the conditions that close it after an
/// outage.
class GuardedEntryStoreIT extends EntryStoreContract {

  private static final Duration SOON = Duration.ofSeconds(20);

  @TempDir static Path dir;
  private static RedisServer server;
  private static RedisConnection connection;

  private final GuardedEntryStore store =
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
  public EntryStore store() {
    return store;
  }

  @Test
  void oneRefusedConnectionOpensItAndAnswersCloseIt() {
    whileTheServerIsDown(
        () -> {
          assertThatThrownBy(() -> store.lookup(key)).isInstanceOf(EntryStoreException.class);
          assertThat(store.isTrusted(key)).isFalse();
        });
    await()
        .atMost(SOON)
        .ignoreExceptionsInstanceOf(EntryStoreException.class)
        .until(
            () -> {
              store.lookup(key);
              return store.isTrusted(key);
            });
  }

  @Test
  void refusalsAreAnswersAndCloseItToo() {
    whileTheServerIsDown(
        () -> assertThatThrownBy(() -> store.lookup(key)).isInstanceOf(EntryStoreException.class));
    connection.client().configSet("maxmemory", "1");
    try {
      await()
          .atMost(SOON)
          .until(
              () -> {
                assertThatThrownBy(() -> store.acquire(key, MINE, LEASE))
                    .isInstanceOf(EntryStoreException.class);
                return store.isTrusted(key);
              });
    } finally {
      connection.client().configSet("maxmemory", "0");
    }
  }

  private static void whileTheServerIsDown(Runnable then) {
    server.kill();
    try {
      then.run();
    } finally {
      server.restart();
    }
  }

  /// Each of the few operations that try the store after an outage counts, also one with a mistake
  /// of the caller: without it the breaker would wait for its answer for ever.
  @Test
  void aMistakeOfTheCallerDoesNotKeepTheBreakerOpen() {
    whileTheServerIsDown(
        () -> assertThatThrownBy(() -> store.lookup(key)).isInstanceOf(EntryStoreException.class));
    for (int i = 0; i < 2; i++) {
      await()
          .atMost(SOON)
          .untilAsserted(
              () ->
                  assertThatThrownBy(() -> store.acquire(key, "no token", LEASE))
                      .isInstanceOf(IllegalArgumentException.class));
    }
    assertThat(store.lookup(key)).isEqualTo(new Lookup.Miss());
  }

  @Test
  void norDoesOneInABatch() {
    whileTheServerIsDown(
        () -> assertThatThrownBy(() -> store.lookup(key)).isInstanceOf(EntryStoreException.class));
    for (int i = 0; i < 2; i++) {
      await()
          .atMost(SOON)
          .untilAsserted(
              () ->
                  assertThatThrownBy(
                          () -> store.acquire(List.of(key, key + "2"), "no token", LEASE))
                      .isInstanceOf(IllegalArgumentException.class));
    }
    assertThat(store.lookup(key)).isEqualTo(new Lookup.Miss());
  }
}
