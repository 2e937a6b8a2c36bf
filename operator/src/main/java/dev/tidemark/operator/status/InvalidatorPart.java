package dev.tidemark.operator.status;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.tidemark.operator.run.Deadline;
import dev.tidemark.operator.status.AdminPort.Told;
import dev.tidemark.operator.status.AdminPort.Unanswered;
import dev.tidemark.operator.status.PartStatus.Line;
import dev.tidemark.service.status.InvalidatorReport;
import dev.tidemark.service.status.InvalidatorReport.Times;
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
  static PartStatus<InvalidatorReport> ask(AdminPort port, Deadline deadline) {
    try {
      Told<InvalidatorReport> told = port.ask(InvalidatorReport.class, deadline);
      return PartStatus.answered(NAME, told.json(), told.report(), lines(told.report()));
    } catch (Unanswered e) {
      return e.part(NAME, WHAT);
    }
  }

  /// Combines all of them into one part.
  static PartStatus<List<InvalidatorReport>> all(List<PartStatus<InvalidatorReport>> each) {
    ArrayNode all = JsonNodeFactory.instance.arrayNode();
    each.forEach(one -> all.add(one.json()));
    return PartStatus.answered(
        NAME,
        all,
        each.stream().flatMap(one -> one.facts().stream()).toList(),
        each.stream().flatMap(one -> one.lines().stream()).toList());
  }

  private static List<Line> lines(InvalidatorReport invalidator) {
    return List.of(
        new Line(
            WHAT,
            invalidator.ready() ? Health.WELL : Health.RED,
            invalidator.reason(),
            "; %d partitions, %s".formatted(invalidator.partitions().size(), lag(invalidator))),
        Line.detail("evictions", evictions(invalidator)),
        Line.detail("latency", latency(invalidator.commitToEvict().lastMinute())));
  }

  private static String lag(InvalidatorReport invalidator) {
    return invalidator
        .lagEvents()
        .map(
            events ->
                "%,d events behind%s"
                    .formatted(
                        events, invalidator.lagSeconds().map(" (%.1f s)"::formatted).orElse("")))
        .orElse("lag not known");
  }

  private static String evictions(InvalidatorReport invalidator) {
    return "%s; %,d gaps, %,d rewinds"
        .formatted(
            invalidator.evictions().entrySet().stream()
                .map(InvalidatorPart::count)
                .collect(Collectors.joining(", ")),
            invalidator.gaps(),
            invalidator.rewinds());
  }

  private static String count(Map.Entry<String, Long> result) {
    return "%,d %s".formatted(result.getValue(), result.getKey().replace('_', ' '));
  }

  private static String latency(Times times) {
    if (times.events() == 0) {
      return "nothing was evicted in the last minute";
    }
    return "commit to evict p50 %.1f, p99 %.1f, p99.9 %.1f ms; %s of the last minute's %,d changes"
        .formatted(
            times.millis().getOrDefault("0.5", 0.0),
            times.millis().getOrDefault("0.99", 0.0),
            times.millis().getOrDefault("0.999", 0.0),
            times.within().entrySet().stream()
                .map(
                    share ->
                        "%.1f %% within %s".formatted(PERCENT * share.getValue(), share.getKey()))
                .collect(Collectors.joining(", ")),
            times.events());
  }
}
