package dev.tidemark.invalidator.status;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemark.invalidator.offsets.RedisWatch;
import dev.tidemark.invalidator.offsets.Rewind;
import dev.tidemark.invalidator.settings.Configuration;
import dev.tidemark.invalidator.settings.ReadinessReason;
import dev.tidemark.invalidator.status.CommitToEvict.Limit;
import dev.tidemark.invalidator.status.CommitToEvict.Quantile;
import dev.tidemark.invalidator.status.CommitToEvict.Times;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/// Answer of `/status`: the invalidator's state as JSON, for the command `status` and for programs.
/// A part that is not known yet is absent. Thread-safe.
///
/// @param obstacles why it does not go on, if it does not
/// @param audit what the background audit has to say, as JSON; empty when there is none
public record StatusReport(
    Configuration configuration,
    List<ReadinessReason> obstacles,
    KafkaLag lag,
    RedisWatch redis,
    Rewind rewind,
    InvalidatorMetrics metrics,
    CommitToEvict commitToEvict,
    Supplier<Optional<JsonNode>> audit) {

  private static final ObjectMapper json = new ObjectMapper();
  private static final double NANOS = 1e9;
  private static final double NANOS_OF_MILLI = 1e6;

  public StatusReport {
    obstacles = List.copyOf(obstacles);
  }

  public byte[] json() {
    ObjectNode report = json.createObjectNode();
    List<ReadinessReason> inTheWay =
        obstacles.stream().filter(obstacle -> obstacle.reason().isPresent()).toList();
    report
        .put("phase", phase(inTheWay))
        .put("ready", inTheWay.isEmpty())
        .put("reason", reason(inTheWay))
        .put("group", configuration.group());
    ObjectNode waitingFor = report.putObject("waitingFor");
    inTheWay.forEach(
        obstacle -> waitingFor.put(obstacle.name(), obstacle.reason().orElse("works again")));
    var topics = report.putArray("topics");
    configuration.kafka().topics().forEach(topics::add);
    var partitions = report.putArray("partitions");
    lag.partitions().forEach(partitions::add);
    lag.events().ifPresent(events -> report.put("lagEvents", events));
    lag.time().ifPresent(time -> report.put("lagSeconds", time.toNanos() / NANOS));
    ObjectNode evictions = report.putObject("evictions");
    metrics.evictions().forEach(evictions::put);
    ObjectNode times = report.putObject("commitToEvict");
    times(times.putObject("lastMinute"), commitToEvict.lately());
    times(times.putObject("sinceStart"), commitToEvict.sinceStart());
    report
        .put("gaps", metrics.gaps())
        .put("rewinds", metrics.rewinds())
        .put("deadLetters", metrics.deadLetters());
    ObjectNode servers = report.putObject("redis");
    var primaries = servers.putArray("primaries");
    redis.primaries().ids().stream().sorted().forEach(primaries::add);
    servers.put("longestReplicationLagSeconds", redis.longestLag().toSeconds());
    audit.get().ifPresent(audited -> report.set("audit", audited));
    try {
      return json.writeValueAsBytes(report);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("the status could not be written as JSON", e);
    }
  }

  private String phase(List<ReadinessReason> inTheWay) {
    if (!inTheWay.isEmpty()) {
      return "waiting";
    }
    return rewind.isUnderWay() ? "rewinding" : "following";
  }

  private String reason(List<ReadinessReason> inTheWay) {
    if (inTheWay.isEmpty()) {
      return rewind.isUnderWay() ? "applying the last evictions again" : "following";
    }
    return String.join(
        "; ",
        inTheWay.stream()
            .map(obstacle -> obstacle.name() + ": " + obstacle.reason().orElse("works again"))
            .toList());
  }

  private static void times(ObjectNode node, Times times) {
    node.put("events", times.count());
    if (times.count() > 0) {
      ObjectNode quantiles = node.putObject("millis");
      for (Quantile quantile : CommitToEvict.QUANTILES) {
        quantiles.put(quantile.text(), times.at(quantile).toNanos() / NANOS_OF_MILLI);
      }
      ObjectNode shares = node.putObject("within");
      for (Limit limit : CommitToEvict.LIMITS) {
        shares.put(limit.text(), times.shareWithin(limit));
      }
    }
  }
}
