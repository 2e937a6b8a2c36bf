package dev.tidemark.operator.status;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemark.operator.run.Deadline;
import dev.tidemark.operator.status.AdminPort.Unanswered;
import dev.tidemark.operator.status.PartStatus.Line;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The product API: its readiness, and the number of reads that the cache answered.
final class ApiPart {

  static final String NAME = "productApi";
  static final String WHAT = "product-api";
  private static final Set<String> HITS = Set.of("hit", "near_hit", "negative");

  /// Label of reads that must not come from the cache.
  private static final String BYPASS = "bypass";

  /// Pattern of one of the counters of the versioned cache, in Prometheus's text format.
  private static final Pattern REQUESTS =
      Pattern.compile(
          "^cache_requests_total\\{(?:[^}]*,)?result=\"(\\w+)\"[^}]*} (\\S+)", Pattern.MULTILINE);

  private static final double PERCENT = 100;

  private ApiPart() {}

  static PartStatus ask(AdminPort port, Deadline deadline) {
    try {
      return of(port.json("/health/ready", deadline), requests(port, deadline));
    } catch (Unanswered e) {
      return e.part(NAME, WHAT);
    }
  }

  private static PartStatus of(JsonNode health, Map<String, Long> requests) {
    boolean ready = health.path("status").asText().equals("UP");
    String reason = ready ? "ready" : reasons(health);
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("ready", ready).put("reason", reason);
    for (JsonNode check : health.path("checks")) {
      if (check.path("name").asText().equals("redis")) {
        json.put("redis", check.at("/data/reason").asText());
      }
    }
    ObjectNode byResult = json.putObject("requests");
    requests.forEach(byResult::put);
    long cached = sum(requests, HITS::contains);
    long all = sum(requests, result -> !result.equals(BYPASS));
    String reads = "no reads are known";
    if (all > 0) {
      double ratio = (double) cached / all;
      json.put("hitRatio", ratio);
      reads = "%.1f %% of %,d reads were hits".formatted(PERCENT * ratio, all);
    }
    return new PartStatus(
        NAME,
        json,
        List.of(new Line(WHAT, ready ? Health.WELL : Health.RED, reason, "; " + reads)));
  }

  private static String reasons(JsonNode health) {
    StringJoiner reasons = new StringJoiner("; ");
    for (JsonNode check : health.path("checks")) {
      if (!check.path("status").asText().equals("UP")) {
        reasons.add(
            check.path("name").asText() + ": " + check.at("/data/reason").asText("not ready"));
      }
    }
    return reasons.length() == 0 ? "not ready" : reasons.toString();
  }

  /// Returns the numbers of requests; none when they do not come in time.
  private static Map<String, Long> requests(AdminPort port, Deadline deadline) {
    Map<String, Long> byResult = new TreeMap<>();
    String metrics;
    try {
      metrics = port.text("/metrics", deadline);
    } catch (Unanswered e) {
      return byResult;
    }
    Matcher line = REQUESTS.matcher(metrics);
    while (line.find()) {
      byResult.merge(line.group(1), (long) Double.parseDouble(line.group(2)), Long::sum);
    }
    return byResult;
  }

  private static long sum(Map<String, Long> requests, Predicate<String> which) {
    return requests.entrySet().stream()
        .filter(result -> which.test(result.getKey()))
        .mapToLong(Map.Entry::getValue)
        .sum();
  }
}
