package dev.tidemark.devstack.demo;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Time from the commit of changes until the invalidator had applied them, from its histogram.
///
/// @param counts observations up to and including each bound, in seconds; the last bound is
///   infinite
record EvictionTimes(TreeMap<Double, Double> counts) {
  static final String METRIC = "invalidation_commit_to_evict_seconds";
  static final EvictionTimes NONE = new EvictionTimes(new TreeMap<>());
  private static final Pattern BUCKET =
      Pattern.compile(
          "^" + METRIC + "_bucket\\{(?:[^}]*,)?le=\"([^\"]+)\"[^}]*} (\\S+)", Pattern.MULTILINE);
  private static final Duration TIMEOUT = Duration.ofSeconds(2);

  /// Asks an invalidator. Returns nothing when it does not answer.
  static EvictionTimes ask(HttpClient http, URI adminUrl) throws InterruptedException {
    try {
      HttpRequest request =
          HttpRequest.newBuilder(adminUrl.resolve("/metrics")).timeout(TIMEOUT).build();
      return parse(http.send(request, HttpResponse.BodyHandlers.ofString()).body());
    } catch (IOException e) {
      return NONE;
    }
  }

  /// Parses Prometheus' text format. Several series of the metric are added up.
  static EvictionTimes parse(String metrics) {
    TreeMap<Double, Double> counts = new TreeMap<>();
    Matcher bucket = BUCKET.matcher(metrics);
    while (bucket.find()) {
      double bound =
          bucket.group(1).equals("+Inf")
              ? Double.POSITIVE_INFINITY
              : Double.parseDouble(bucket.group(1));
      counts.merge(bound, Double.parseDouble(bucket.group(2)), Double::sum);
    }
    return new EvictionTimes(counts);
  }

  /// Returns the observations since an earlier reading. An invalidator that was restarted counts
  /// from zero: then all of them are returned.
  EvictionTimes since(EvictionTimes earlier) {
    if (count() < earlier.count()) {
      return this;
    }
    TreeMap<Double, Double> difference = new TreeMap<>();
    counts.forEach(
        (bound, count) -> difference.put(bound, count - earlier.counts.getOrDefault(bound, 0.0)));
    return new EvictionTimes(difference);
  }

  long count() {
    return counts.isEmpty() ? 0 : Math.round(counts.lastEntry().getValue());
  }

  /// Estimates a percentile, with observations evenly distributed within their bucket. Returns 0
  /// without observations.
  double millis(double percentile) {
    double wanted = count() * percentile / 100;
    double lowerBound = 0;
    double lowerCount = 0;
    for (Map.Entry<Double, Double> bucket : counts.entrySet()) {
      if (bucket.getValue() >= wanted && bucket.getValue() > lowerCount) {
        if (bucket.getKey().isInfinite()) {
          return lowerBound * 1000;
        }
        double share = (wanted - lowerCount) / (bucket.getValue() - lowerCount);
        return (lowerBound + (bucket.getKey() - lowerBound) * share) * 1000;
      }
      lowerBound = bucket.getKey();
      lowerCount = bucket.getValue();
    }
    return 0;
  }
}
