package dev.tidemark.invalidator.audit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.cache.redis.RedisSettings;
import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.embedded.RedisServer;
import dev.tidemark.invalidator.HookedStore;
import dev.tidemark.invalidator.settings.AuditSettings;
import dev.tidemark.invalidator.settings.ReadinessReason;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Test of the audit beside the live path with an entry that changes at the worst moment.
class AuditorIT {

  private static final Duration SOON = Duration.ofSeconds(30);

  @TempDir Path dir;

  @Test
  void whatChangedSinceItWasJudgedIsLeftAndJudgedAnew_H8() {
    AuditSettings settings = new AuditSettings(1, List.of(Duration.ofMillis(1)), 10);
    AuditTally tally = new AuditTally(settings, Clock.systemUTC());
    CheckQueue pending = new CheckQueue(settings, System.nanoTime());
    try (RedisServer redis = RedisServer.start(dir, 0);
        RedisConnection connection =
            RedisConnection.open(redis.url(), RedisSettings.defaults().withTimeout(SOON))) {
      connection.client().set("product:a".getBytes(UTF_8), "V1\n{}".getBytes(UTF_8));
      AtomicInteger evictions = new AtomicInteger();
      EntryStore busy =
          HookedStore.before(
              "evictSeen",
              () -> {
                evictions.incrementAndGet();
                connection.client().set("product:a".getBytes(UTF_8), "V3\n{}".getBytes(UTF_8));
              },
              connection.entries());
      Auditor auditor =
          new Auditor(
              busy, Optional.empty(), settings, pending, tally, new ReadinessReason("redis"));
      long now = System.nanoTime();
      pending.add("product:a", 2, now, now);

      await()
          .atMost(SOON)
          .until(
              () -> {
                auditor.check();
                return pending.size() == 0;
              });

      assertThat(evictions).hasValue(1);
      assertThat(connection.client().get("product:a")).isEqualTo("V3\n{}");
      assertThat(tally.report().keys()).containsEntry("lagging", 1L).containsEntry("stale", 0L);
    }
  }
}
