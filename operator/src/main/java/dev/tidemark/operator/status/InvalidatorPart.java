package dev.tidemark.operator.status;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.tidemark.operator.run.Deadline;
import dev.tidemark.operator.status.AdminPort.Unanswered;
import dev.tidemark.operator.status.PartStatus.Line;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// The invalidators, each by its own report.
final class InvalidatorPart {

  static final String NAME = "invalidators";
  static final String WHAT = "invalidator";
  private static final double PERCENT = 100;

  private InvalidatorPart() {}

  /// Asks one of them.
  static PartStatus ask(AdminPort port, Deadline deadline) {
    try {
      JsonNode status = port.json("/status", deadline);
      return new PartStatus(NAME, status, lines(status));
    } catch (Unanswered e) {
      return e.part(NAME, WHAT);
    }
  }

  /// Combines all of them into one part.
  static PartStatus all(List<PartStatus> each) {
    ArrayNode all = JsonNodeFactory.instance.arrayNode();
    each.forEach(one -> all.add(one.json()));
    return new PartStatus(NAME, all, each.stream().flatMap(one -> one.lines().stream()).toList());
  }

  private static List<Line> lines(JsonNode status) {
    boolean ready = status.path("ready").asBoolean();
    return List.of(
        new Line(
            WHAT,
            ready ? Health.WELL : Health.RED,
            status.path("reason").asText(),
            "; %d partitions, %s".formatted(status.path("partitions").size(), lag(status))),
        Line.detail("evictions", evictions(status)),
        Line.detail("latency", latency(status.at("/commitToEvict/lastMinute"))));
  }

  private static String lag(JsonNode status) {
    if (!status.has("lagEvents")) {
      return "lag not known";
    }
    return "%,d events behind%s"
        .formatted(
            status.path("lagEvents").asLong(),
            status.has("lagSeconds")
                ? " (%.1f s)".formatted(status.path("lagSeconds").asDouble())
                : "");
  }

  private static String evictions(JsonNode status) {
    return "%s; %,d gaps, %,d rewinds"
        .formatted(
            status.path("evictions").properties().stream()
                .map(InvalidatorPart::count)
                .collect(Collectors.joining(", ")),
            status.path("gaps").asLong(),
            status.path("rewinds").asLong());
  }

  private static String count(Map.Entry<String, JsonNode> result) {
    return "%,d %s".formatted(result.getValue().asLong(), result.getKey().replace('_', ' '));
  }

  private static String latency(JsonNode times) {
    if (!times.has("millis")) {
      return "nothing was evicted in the last minute";
    }
    return "commit to evict p50 %.1f, p99 %.1f, p99.9 %.1f ms; %s of the last minute's %,d changes"
        .formatted(
            times.at("/millis/0.5").asDouble(),
            times.at("/millis/0.99").asDouble(),
            times.at("/millis/0.999").asDouble(),
            times.path("within").properties().stream()
                .map(
                    share ->
                        "%.1f %% within %s"
                            .formatted(PERCENT * share.getValue().asDouble(), share.getKey()))
                .collect(Collectors.joining(", ")),
            times.path("events").asLong());
  }
}
