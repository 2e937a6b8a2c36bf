package dev.tidemark.invalidator.status;

import dev.tidemark.invalidator.offsets.RedisWatch;
import dev.tidemark.invalidator.offsets.Rewind;
import dev.tidemark.invalidator.settings.Configuration;
import dev.tidemark.invalidator.settings.ReadinessReason;
import dev.tidemark.invalidator.status.CommitToEvict.Limit;
import dev.tidemark.invalidator.status.CommitToEvict.Quantile;
import dev.tidemark.service.status.AuditReport;
import dev.tidemark.service.status.InvalidatorReport;
import dev.tidemark.service.status.InvalidatorReport.Redis;
import dev.tidemark.service.status.InvalidatorReport.Times;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/// Source of the answer of `/status`, which is told from the parts of the invalidator. Thread-safe.
///
/// @param obstacles why it does not go on, if it does not
/// @param audit what the background audit has to say; empty when there is none
public record StatusReport(
    Configuration configuration,
    List<ReadinessReason> obstacles,
    KafkaLag lag,
    RedisWatch redis,
    Rewind rewind,
    InvalidatorMetrics metrics,
    CommitToEvict commitToEvict,
    Supplier<Optional<AuditReport>> audit) {

  private static final double NANOS = 1e9;
  private static final double NANOS_OF_MILLI = 1e6;

  public StatusReport {
    obstacles = List.copyOf(obstacles);
  }

  public InvalidatorReport report() {
    Map<String, String> waitingFor = new LinkedHashMap<>();
    for (ReadinessReason obstacle : obstacles) {
      obstacle.reason().ifPresent(reason -> waitingFor.put(obstacle.name(), reason));
    }
    return new InvalidatorReport(
        phase(waitingFor),
        waitingFor.isEmpty(),
        reason(waitingFor),
        configuration.group(),
        waitingFor,
        configuration.kafka().topics(),
        lag.partitions(),
        lag.events().stream().boxed().findAny(),
        lag.time().map(time -> time.toNanos() / NANOS),
        metrics.evictions(),
        new InvalidatorReport.CommitToEvict(
            times(commitToEvict.lately()), times(commitToEvict.sinceStart())),
        metrics.gaps(),
        metrics.rewinds(),
        metrics.deadLetters(),
        new Redis(
            redis.primaries().ids().stream().sorted().toList(), redis.longestLag().toSeconds()),
        audit.get());
  }

  private String phase(Map<String, String> waitingFor) {
    if (!waitingFor.isEmpty()) {
      return "waiting";
    }
    return rewind.isUnderWay() ? "rewinding" : "following";
  }

  private String reason(Map<String, String> waitingFor) {
    if (waitingFor.isEmpty()) {
      return rewind.isUnderWay() ? "applying the last evictions again" : "following";
    }
    return String.join(
        "; ",
        waitingFor.entrySet().stream()
            .map(obstacle -> obstacle.getKey() + ": " + obstacle.getValue())
            .toList());
  }

  private static Times times(CommitToEvict.Times times) {
    if (times.count() == 0) {
      return new Times();
    }
    Map<String, Double> millis = new LinkedHashMap<>();
    for (Quantile quantile : CommitToEvict.QUANTILES) {
      millis.put(quantile.text(), times.at(quantile).toNanos() / NANOS_OF_MILLI);
    }
    Map<String, Double> within = new LinkedHashMap<>();
    for (Limit limit : CommitToEvict.LIMITS) {
      within.put(limit.text(), times.shareWithin(limit));
    }
    return new Times(times.count(), millis, within);
  }
}
