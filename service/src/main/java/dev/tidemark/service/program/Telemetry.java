package dev.tidemark.service.program;

import io.opentelemetry.exporter.prometheus.PrometheusMetricReader;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import java.util.Map;

/// OpenTelemetry as its `OTEL_…` variables set it, with metrics for Prometheus beside whatever they
/// export to; by default nothing is exported.
public final class Telemetry {

  private Telemetry() {}

  /// @param service the `service.name`, unless a variable sets another
  public static OpenTelemetrySdk create(String service, PrometheusMetricReader prometheus) {
    return AutoConfiguredOpenTelemetrySdk.builder()
        .disableShutdownHook()
        .addPropertiesSupplier(
            () ->
                Map.of(
                    "otel.service.name", service,
                    "otel.traces.exporter", "none",
                    "otel.metrics.exporter", "none",
                    "otel.logs.exporter", "none"))
        .addMeterProviderCustomizer((provider, config) -> provider.registerMetricReader(prometheus))
        .build()
        .getOpenTelemetrySdk();
  }
}
