package dev.tidemark.invalidator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemark.invalidator.PartStatus.Line;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/// What the audits found: the one that an operator ran last, and those that the invalidators do
/// beside their work.
final class AuditPart {

  private static final String NAME = "audit";

  private AuditPart() {}

  /// @param redis holds the report of the command `audit`
  /// @param invalidators tell of their own audits
  static PartStatus of(PartStatus redis, PartStatus invalidators) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    List<Line> lines = new ArrayList<>();
    JsonNode last = redis.json().path("lastAudit");
    if (!last.isMissingNode()) {
      json.set("last", last);
      lines.add(new Line(NAME, "last: " + text(last)));
    }
    var running = json.putArray("background");
    for (JsonNode invalidator : invalidators.json()) {
      if (invalidator.has(NAME)) {
        running.add(invalidator.path(NAME));
        lines.add(new Line(NAME, "in the background: " + text(invalidator.path(NAME))));
      }
    }
    if (lines.isEmpty()) {
      lines.add(new Line(NAME, "none is known"));
    }
    return new PartStatus(NAME, json, false, lines);
  }

  private static String text(JsonNode report) {
    return report.isObject()
        ? report.properties().stream()
            .map(field -> field.getKey() + " " + text(field.getValue()))
            .collect(Collectors.joining(", "))
        : report.isArray() ? report.toString() : report.asText();
  }
}
