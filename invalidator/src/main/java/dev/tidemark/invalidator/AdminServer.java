package dev.tidemark.invalidator;

import dev.tidemark.invalidator.status.StatusReport;
import dev.tidemark.service.Http1;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.observe.ObserveFeature;
import io.helidon.webserver.observe.health.HealthObserver;
import io.opentelemetry.exporter.prometheus.PrometheusMetricReader;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import java.io.ByteArrayOutputStream;

/// Health at `/health/live` and `/health/ready`, metrics at `/metrics`, the whole state at
/// `/status`.
final class AdminServer {

  private AdminServer() {}

  static WebServer create(
      String host, int port, StatusReport report, PrometheusMetricReader metrics) {
    HealthObserver health =
        HealthObserver.builder()
            .endpoint("/health")
            .details(true)
            .useSystemServices(false)
            .addHealthChecks(report.obstacles())
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
            routing -> routing.get("/metrics", prometheus(metrics)).get("/status", status(report)))
        .build();
  }

  private static Handler status(StatusReport report) {
    return (request, response) -> {
      response.header(HeaderNames.CONTENT_TYPE, "application/json");
      response.send(report.json());
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
