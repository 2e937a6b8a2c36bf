package dev.tidemark.operator.status;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemark.operator.audit.LastAudit;
import dev.tidemark.operator.status.PartStatus.Line;
import dev.tidemark.service.status.AuditReport;
import dev.tidemark.service.status.InvalidatorReport;
import dev.tidemark.service.status.StatusJson;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Collectors;

/// Findings of the audits: the one that an operator ran last, and those that the invalidators run
/// beside their work.
final class AuditPart {

  private static final String NAME = "audit";
  private static final double PERCENT = 100;

  private AuditPart() {}

  /// @param last the command's run that left its result
  /// @param invalidators report their own audits
  static PartStatus<List<AuditReport>> of(
      Optional<LastAudit> last, List<InvalidatorReport> invalidators) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    List<Line> lines = new ArrayList<>();
    last.ifPresent(
        audit -> {
          json.set("last", audit.json());
          lines.add(Line.detail(NAME, text(audit)));
        });
    List<AuditReport> running =
        invalidators.stream().flatMap(invalidator -> invalidator.audit().stream()).toList();
    var background = json.putArray("background");
    for (AuditReport audit : running) {
      background.add(StatusJson.tree(audit));
      lines.add(Line.detail(NAME, text(audit)));
    }
    if (lines.isEmpty()) {
      lines.add(Line.detail(NAME, "none is known"));
    }
    return PartStatus.answered(NAME, json, running, lines);
  }

  private static String text(LastAudit audit) {
    return "last run, %s, %s: %s; %d evicted"
        .formatted(
            audit.at().orElse("some time ago"),
            audit.scope().orElse("of a part"),
            audit.counts().entrySet().stream()
                .map(count -> count(count.getKey().label(), count.getValue()))
                .collect(Collectors.joining(", ")),
            audit.repaired());
  }

  private static String text(AuditReport audit) {
    return "running, %.4g %% of the events: consistent %s; %s"
        .formatted(
            PERCENT * audit.share(),
            audit.windows().stream()
                .map(window -> share(window.recentShare()) + " within " + window.within())
                .collect(Collectors.joining(", ")),
            audit.keys().entrySet().stream()
                .map(count -> count(count.getKey(), count.getValue()))
                .collect(Collectors.joining(", ")));
  }

  private static String share(OptionalDouble recent) {
    return recent.isPresent() ? "%.2f %%".formatted(PERCENT * recent.getAsDouble()) : "unknown";
  }

  private static String count(String name, long number) {
    return "%,d %s".formatted(number, name.replace('_', ' '));
  }
}
