package dev.tidemark.invalidator.status;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tidemark.cache.redis.EvictionTrial;
import dev.tidemark.cache.store.Eviction;
import dev.tidemark.invalidator.offsets.RedisWatch;
import dev.tidemark.invalidator.offsets.Rewind;
import dev.tidemark.invalidator.settings.Configuration;
import dev.tidemark.invalidator.settings.ReadinessReason;
import dev.tidemark.service.status.AuditReport;
import dev.tidemark.service.status.StatusJson;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.metrics.Meter;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/// Test of the whole JSON at `/status`, which other programs read.
class StatusReportTest {

  private final Meter meter = OpenTelemetry.noop().getMeter("test");
  private final ReadinessReason redis = new ReadinessReason("redis");
  private final ReadinessReason kafka = new ReadinessReason("kafka");
  private final KafkaLag lag = new KafkaLag(Clock.systemUTC(), () -> 0);
  private final InvalidatorMetrics metrics = new InvalidatorMetrics(meter, lag);
  private final CommitToEvict commitToEvict = new CommitToEvict(meter, () -> 0);
  private Optional<AuditReport> audit = Optional.empty();
  private final StatusReport report =
      new StatusReport(
          Configuration.from(
              Map.of("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1", "REDIS_URL", "redis://127.0.0.1:1")),
          List.of(redis, kafka),
          lag,
          new RedisWatch(redis, EvictionTrial.of(List.of("product"))),
          new Rewind(),
          metrics,
          commitToEvict,
          () -> audit);

  @Test
  void invalidatorThatFollowsTellsAll() throws IOException {
    redis.clear();
    kafka.clear();
    lag.assigned(
        Set.of(new TopicPartition("product.events", 0), new TopicPartition("product.events", 1)));
    lag.sees(0);
    metrics.invalidation(Eviction.EVICTED);
    metrics.gap();
    metrics.deadLetters(2);
    commitToEvict.took(Duration.ofMillis(1));
    audit =
        Optional.of(
            new AuditReport(
                0.01,
                1,
                Map.of("stale", 1L),
                List.of(new AuditReport.Window("2s", 5, 1, 0, OptionalDouble.of(0.5))),
                List.of(new AuditReport.StaleKey("product:kettle", 2, 1, "2026-03-10T12:00:00Z"))));

    assertTold(
        """
        {"phase": "following", "ready": true, "reason": "following", "group": "tidemark-invalidator",
         "waitingFor": {}, "topics": ["product.events"], "partitions": ["product.events-0", "product.events-1"],
         "lagEvents": 0, "lagSeconds": 0.0,
         "evictions": {"evicted": 1, "already_fresh": 0, "floor_raised": 0, "absent": 0, "failed": 0},
         "commitToEvict": {
           "lastMinute": {"events": 1, "millis": {"0.5": 1.0, "0.99": 1.0, "0.999": 1.0}, "within": {"10ms": 1.0, "100ms": 1.0, "2s": 1.0}},
           "sinceStart": {"events": 1, "millis": {"0.5": 1.0, "0.99": 1.0, "0.999": 1.0}, "within": {"10ms": 1.0, "100ms": 1.0, "2s": 1.0}}},
         "gaps": 1, "rewinds": 0, "deadLetters": 2,
         "redis": {"primaries": [], "longestReplicationLagSeconds": 0},
         "audit": {"share": 0.01, "pending": 1, "keys": {"stale": 1},
           "windows": [{"within": "2s", "consistent": 5, "behind": 1, "unknown": 0, "recentShare": 0.5}],
           "lastStale": [{"key": "product:kettle", "version": 2, "found": 1, "at": "2026-03-10T12:00:00Z"}]}}
        """);
  }

  @Test
  void invalidatorThatWaitsTellsForWhatAndLeavesOutWhatIsNotKnown() throws IOException {
    kafka.block("Kafka does not answer");

    assertTold(
        """
        {"phase": "waiting", "ready": false, "reason": "redis: not tried yet; kafka: Kafka does not answer",
         "group": "tidemark-invalidator",
         "waitingFor": {"redis": "not tried yet", "kafka": "Kafka does not answer"},
         "topics": ["product.events"], "partitions": [],
         "evictions": {"evicted": 0, "already_fresh": 0, "floor_raised": 0, "absent": 0, "failed": 0},
         "commitToEvict": {"lastMinute": {"events": 0}, "sinceStart": {"events": 0}},
         "gaps": 0, "rewinds": 0, "deadLetters": 0,
         "redis": {"primaries": [], "longestReplicationLagSeconds": 0}}
        """);
  }

  private void assertTold(String json) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    assertThat(mapper.readTree(StatusJson.write(report.report()))).isEqualTo(mapper.readTree(json));
  }
}
