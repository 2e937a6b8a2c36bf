package dev.tidemark.service.http;

import dev.tidemark.service.settings.Setting;
import dev.tidemark.service.status.ServiceReport;
import dev.tidemark.service.status.StatusJson;
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
/// `/metrics`, and the service's state at `/status`.
public final class AdminServer {

  private AdminServer() {}

  /// Creates a server. It does not listen yet.
  ///
  /// @param status looks at the service, and returns its state
  public static WebServer create(
      String host,
      int port,
      List<? extends HealthCheck> checks,
      PrometheusMetricReader metrics,
      Supplier<? extends ServiceReport> status) {
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
        .routing(
            HttpRouting.builder().get("/metrics", prometheus(metrics)).get("/status", json(status)))
        .build();
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

  private static Handler json(Supplier<? extends ServiceReport> status) {
    return (request, response) -> {
      response.header(HeaderNames.CONTENT_TYPE, "application/json");
      response.send(StatusJson.write(status.get()));
    };
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
