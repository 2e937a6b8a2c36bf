package dev.tidemark.operator.status;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemark.operator.audit.AuditVerdict;
import dev.tidemark.operator.status.PartStatus.Line;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// Findings of the audits: the one that an operator ran last, and those that the invalidators run
/// beside their work.
final class AuditPart {

  private static final String NAME = "audit";

  private AuditPart() {}

  /// @param redis holds the report of the command `audit`
  /// @param invalidators report their own audits
  static PartStatus of(PartStatus redis, PartStatus invalidators) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    List<Line> lines = new ArrayList<>();
    JsonNode last = redis.json().path("lastAudit");
    if (!last.isMissingNode()) {
      json.set("last", last);
      lines.add(Line.detail(NAME, last(last)));
    }
    var running = json.putArray("background");
    for (JsonNode invalidator : invalidators.json()) {
      if (invalidator.has(NAME)) {
        running.add(invalidator.path(NAME));
        lines.add(Line.detail(NAME, running(invalidator.path(NAME))));
      }
    }
    if (lines.isEmpty()) {
      lines.add(Line.detail(NAME, "none is known"));
    }
    return new PartStatus(NAME, json, lines);
  }

  private static String last(JsonNode report) {
    List<String> counts =
        Stream.of(AuditVerdict.values())
            .filter(verdict -> report.has(verdict.label()))
            .map(verdict -> count(report, verdict.label()))
            .toList();
    return "last run, %s, %s: %s; %d evicted"
        .formatted(
            report.path("at").asText("some time ago"),
            report.path("scope").asText("of a part"),
            String.join(", ", counts),
            report.path("repaired").asLong());
  }

  private static String running(JsonNode report) {
    List<String> shares = new ArrayList<>();
    for (JsonNode window : report.path("windows")) {
      String share =
          window.has("recentShare")
              ? "%.2f %%".formatted(100 * window.path("recentShare").asDouble())
              : "unknown";
      shares.add(share + " within " + window.path("within").asText());
    }
    List<String> counts =
        report.path("keys").properties().stream()
            .map(field -> count(report.path("keys"), field.getKey()))
            .toList();
    return "running, %.4g %% of the events: consistent %s; %s"
        .formatted(
            100 * report.path("share").asDouble(),
            String.join(", ", shares),
            String.join(", ", counts));
  }

  private static String count(JsonNode report, String name) {
    return "%,d %s".formatted(report.path(name).asLong(), name.replace('_', ' '));
  }
}
