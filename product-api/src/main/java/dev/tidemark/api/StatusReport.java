package dev.tidemark.api;

import dev.tidemark.api.Readiness.Answer;
import dev.tidemark.service.status.ApiReport;
import io.opentelemetry.exporter.prometheus.PrometheusMetricReader;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Source of the answer of `/status`: asks the reasons for and against readiness, and reads the
/// counters of the cache.
///
/// @param metrics have the counters
record StatusReport(List<Readiness> reasons, PrometheusMetricReader metrics) {

  /// Name of the counter in the model, which leaves `_total` to the text.
  private static final String REQUESTS = "cache_requests";

  private static final String RESULT = "result";

  StatusReport {
    reasons = List.copyOf(reasons);
  }

  ApiReport report() {
    Map<String, Answer> answers = new LinkedHashMap<>();
    reasons.forEach(reason -> answers.put(reason.name(), reason.ask().get()));
    List<String> against =
        answers.entrySet().stream()
            .filter(answer -> !answer.getValue().ready())
            .map(answer -> answer.getKey() + ": " + answer.getValue().reason())
            .toList();
    Optional<Answer> redis = Optional.ofNullable(answers.get(Readiness.REDIS));
    return new ApiReport(
        against.isEmpty(),
        against.isEmpty() ? "ready" : String.join("; ", against),
        redis.map(Answer::reason).orElse(""),
        redis.isPresent() && !redis.get().degraded(),
        requests());
  }

  private Map<String, Long> requests() {
    Map<String, Long> byResult = new TreeMap<>();
    for (MetricSnapshot metric : metrics.collect(REQUESTS::equals)) {
      if (metric instanceof CounterSnapshot counter) {
        for (CounterDataPointSnapshot count : counter.getDataPoints()) {
          byResult.merge(
              String.valueOf(count.getLabels().get(RESULT)), (long) count.getValue(), Long::sum);
        }
      }
    }
    return byResult;
  }
}
