package dev.tidemark.service.http;

import dev.tidemark.service.settings.Setting;
import io.helidon.health.HealthCheck;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.observe.ObserveFeature;
import io.helidon.webserver.observe.health.HealthObserver;
import io.opentelemetry.exporter.prometheus.PrometheusMetricReader;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.function.Supplier;

/// The server of an admin port: health at `/health/live` and `/health/ready`, metrics at
/// `/metrics`, and, for a service that has one, its whole state at `/status`.
public final class AdminServer {

  private AdminServer() {}

  /// Creates a server without `/status`. It does not listen yet.
  public static WebServer create(
      String host, int port, List<? extends HealthCheck> checks, PrometheusMetricReader metrics) {
    return server(host, port, checks, routing(metrics));
  }

  /// Creates a server with `/status`. It does not listen yet.
  ///
  /// @param status the state as JSON
  public static WebServer create(
      String host,
      int port,
      List<? extends HealthCheck> checks,
      PrometheusMetricReader metrics,
      Supplier<byte[]> status) {
    return server(
        host,
        port,
        checks,
        routing(metrics)
            .get(
                "/status",
                (request, response) -> {
                  response.header(HeaderNames.CONTENT_TYPE, "application/json");
                  response.send(status.get());
                }));
  }

  /// Starts a server. Helidon itself only logs that it could not listen.
  ///
  /// @param setting of the port
  /// @throws IllegalStateException when it cannot listen
  public static void listen(WebServer server, String host, int port, Setting<?> setting) {
    server.start();
    if (!server.isRunning()) {
      throw new IllegalStateException(
          "cannot listen on %s:%d; is it in use by another program? %s sets another port"
              .formatted(host, port, setting.label()));
    }
  }

  private static WebServer server(
      String host, int port, List<? extends HealthCheck> checks, HttpRouting.Builder routing) {
    HealthObserver health =
        HealthObserver.builder()
            .endpoint("/health")
            .details(true)
            .useSystemServices(false)
            .addHealthChecks(List.copyOf(checks))
            .build();
    return WebServer.builder()
        .host(host)
        .port(port)
        .shutdownHook(false)
        .protocolsDiscoverServices(false)
        .addConnectionSelector(new Http1())
        .addFeature(
            ObserveFeature.builder().observersDiscoverServices(false).addObserver(health).build())
        .routing(routing)
        .build();
  }

  private static HttpRouting.Builder routing(PrometheusMetricReader metrics) {
    return HttpRouting.builder().get("/metrics", prometheus(metrics));
  }

  private static Handler prometheus(PrometheusMetricReader metrics) {
    PrometheusTextFormatWriter format = PrometheusTextFormatWriter.builder().build();
    return (request, response) -> {
      ByteArrayOutputStream text = new ByteArrayOutputStream();
      format.write(text, metrics.collect());
      response.header(HeaderNames.CONTENT_TYPE, format.getContentType());
      response.send(text.toByteArray());
    };
  }
}
