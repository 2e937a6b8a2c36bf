package dev.tidemark.service.program;

import io.opentelemetry.exporter.prometheus.PrometheusMetricReader;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import java.util.Map;

/// Creates OpenTelemetry from its `OTEL_…` variables, with metrics for Prometheus in addition to
/// any exporters; by default nothing is exported.
public final class Telemetry {

  private Telemetry() {}

  /// Sets it up.
  ///
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
