package dev.tidemark.api.http;

import io.helidon.http.Method;
import io.helidon.http.Status;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.metrics.Meter;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Duration of requests by OpenTelemetry's semantic conventions for HTTP servers. Thread-safe.
public final class HttpMetrics {

  private static final AttributeKey<String> METHOD = AttributeKey.stringKey("http.request.method");
  private static final AttributeKey<String> ROUTE = AttributeKey.stringKey("http.route");
  private static final AttributeKey<Long> STATUS =
      AttributeKey.longKey("http.response.status_code");
  private static final AttributeKey<String> SCHEME = AttributeKey.stringKey("url.scheme");

  /// Bounds of the conventions, and finer ones below them, where cached reads are.
  private static final List<Double> BOUNDS =
      List.of(
          0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75,
          1.0, 2.5, 5.0, 7.5, 10.0);

  private static final Set<String> KNOWN_METHODS =
      Set.of("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT");
  private static final double NANOS_PER_SECOND = 1e9;

  private final DoubleHistogram duration;

  public HttpMetrics(Meter meter) {
    duration =
        meter
            .histogramBuilder("http.server.request.duration")
            .setUnit("s")
            .setDescription("Duration of HTTP requests")
            .setExplicitBucketBoundariesAdvice(BOUNDS)
            .build();
  }

  /// Returns the metrics of one route.
  ///
  /// @param template the path as the router knows it, so that ids make no series of their own
  public Route route(String template) {
    return new Route(template);
  }

  final class Route {
    private record Key(Method method, int status, boolean secure) {}

    private final String template;
    private final Map<Key, Attributes> known = new ConcurrentHashMap<>();

    private Route(String template) {
      this.template = template;
    }

    void record(Method method, Status status, boolean secure, long nanos) {
      Method counted = KNOWN_METHODS.contains(method.text()) ? method : Method.create("_OTHER");
      duration.record(
          nanos / NANOS_PER_SECOND,
          known.computeIfAbsent(new Key(counted, status.code(), secure), this::attributes));
    }

    private Attributes attributes(Key key) {
      return Attributes.builder()
          .put(METHOD, key.method().text())
          .put(ROUTE, template)
          .put(STATUS, (long) key.status())
          .put(SCHEME, key.secure() ? "https" : "http")
          .build();
    }
  }
}
