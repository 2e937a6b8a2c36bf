package dev.tidemark.invalidator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.tidemark.invalidator.AdminPort.Unanswered;
import dev.tidemark.invalidator.PartStatus.Line;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// The invalidators, each by its own account.
final class InvalidatorPart {

  private static final String WHAT = "invalidator";
  private static final double PERCENT = 100;

  private InvalidatorPart() {}

  static PartStatus ask(List<AdminPort> ports) {
    ArrayNode all = JsonNodeFactory.instance.arrayNode();
    List<Line> lines = new ArrayList<>();
    boolean red = false;
    for (AdminPort port : ports) {
      PartStatus one = ask(port);
      all.add(one.json());
      lines.addAll(one.lines());
      red |= one.red();
    }
    return new PartStatus("invalidators", all, red, lines);
  }

  private static PartStatus ask(AdminPort port) {
    try {
      JsonNode status = port.json("/status");
      boolean ready = status.path("ready").asBoolean();
      return new PartStatus(WHAT, status, !ready, lines(status, ready));
    } catch (Unanswered e) {
      return PartStatus.unanswered(WHAT, WHAT, String.valueOf(e.getMessage()));
    }
  }

  private static List<Line> lines(JsonNode status, boolean ready) {
    return List.of(
        new Line(
            WHAT,
            "%s; %d partitions, %s"
                .formatted(
                    PartStatus.wellOrRed(ready, status.path("reason").asText()),
                    status.path("partitions").size(),
                    lag(status))),
        new Line("evictions", evictions(status)),
        new Line("latency", latency(status.at("/commitToEvict/lastMinute"))));
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
    return "%s; %,d gaps, %,d rewinds, %,d dead letters"
        .formatted(
            status.path("evictions").properties().stream()
                .map(InvalidatorPart::count)
                .collect(Collectors.joining(", ")),
            status.path("gaps").asLong(),
            status.path("rewinds").asLong(),
            status.path("deadLetters").asLong());
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
