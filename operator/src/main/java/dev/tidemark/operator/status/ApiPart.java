package dev.tidemark.operator.status;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemark.operator.run.Deadline;
import dev.tidemark.operator.status.AdminPort.Told;
import dev.tidemark.operator.status.AdminPort.Unanswered;
import dev.tidemark.operator.status.PartStatus.Line;
import dev.tidemark.service.status.ApiReport;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/// The product API, by its own report, with the share of reads that the cache answered.
final class ApiPart {

  static final String NAME = "productApi";
  static final String WHAT = "product-api";
  private static final Set<String> HITS = Set.of("hit", "near_hit", "negative");

  /// Result of reads that must not come from the cache.
  private static final String BYPASS = "bypass";

  private static final double PERCENT = 100;

  private ApiPart() {}

  static PartStatus<ApiReport> ask(AdminPort port, Deadline deadline) {
    try {
      return of(port.ask(ApiReport.class, deadline));
    } catch (Unanswered e) {
      return e.part(NAME, WHAT);
    }
  }

  private static PartStatus<ApiReport> of(Told<ApiReport> told) {
    ApiReport api = told.report();
    ObjectNode json = told.json().deepCopy();
    long cached = sum(api.requests(), HITS::contains);
    long all = sum(api.requests(), result -> !result.equals(BYPASS));
    String reads = "no reads are known";
    if (all > 0) {
      double ratio = (double) cached / all;
      json.put("hitRatio", ratio);
      reads = "%.1f %% of %,d reads were hits".formatted(PERCENT * ratio, all);
    }
    Health health = api.ready() ? Health.WELL : Health.RED;
    return PartStatus.answered(
        NAME, json, api, List.of(new Line(WHAT, health, api.reason(), "; " + reads)));
  }

  private static long sum(Map<String, Long> requests, Predicate<String> which) {
    return requests.entrySet().stream()
        .filter(result -> which.test(result.getKey()))
        .mapToLong(Map.Entry::getValue)
        .sum();
  }
}
