package dev.tidemark.relay;

import dev.tidemark.relay.checks.Check;
import dev.tidemark.relay.checks.DatabaseCheck;
import dev.tidemark.relay.checks.KafkaCheck;
import dev.tidemark.relay.session.Housekeeping;
import dev.tidemark.relay.session.Relay;
import dev.tidemark.relay.settings.Configuration;
import dev.tidemark.relay.status.RelayAdmin;
import dev.tidemark.relay.status.RelayMetrics;
import dev.tidemark.relay.status.RelayStatus;
import dev.tidemark.relay.status.StatusReport;
import dev.tidemark.service.http.AdminServer;
import dev.tidemark.service.program.RunningService;
import dev.tidemark.service.program.Telemetry;
import io.helidon.webserver.WebServer;
import io.opentelemetry.exporter.prometheus.PrometheusMetricReader;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import java.time.Clock;
import java.util.List;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The running relay with its admin server and its housekeeping.
final class Service implements RunningService {

  private static final Logger log = LoggerFactory.getLogger(Service.class);

  private final OpenTelemetrySdk telemetry;
  private final WebServer admin;
  private final Relay relay;
  private final Housekeeping housekeeping;

  private Service(Configuration configuration) {
    var prometheus = PrometheusMetricReader.create();
    var clock = Clock.systemUTC();
    var status = new RelayStatus(clock);
    telemetry = Telemetry.create("tidemark-relay", prometheus);
    var metrics = new RelayMetrics(telemetry.getMeter("dev.tidemark.relay"), status);
    admin =
        RelayAdmin.create(
            configuration.adminHost(),
            configuration.adminPort(),
            new StatusReport(configuration.slot(), configuration.retention(), status),
            prometheus);
    relay = Relay.of(configuration, clock, status, metrics);
    housekeeping =
        new Housekeeping(
            Jdbi.create(configuration.dataSource()),
            configuration.slot(),
            configuration.retention(),
            checks(configuration, status),
            status);
  }

  /// Returns the checks of both servers.
  static List<Check> checks(Configuration configuration, RelayStatus status) {
    return List.of(
        new DatabaseCheck(configuration.dataSource(), configuration.slot()),
        new KafkaCheck(configuration, status));
  }

  /// Starts the admin server.
  ///
  /// @throws IllegalStateException when it cannot listen
  static Service start(Configuration configuration) {
    var service = new Service(configuration);
    try {
      AdminServer.listen(
          service.admin,
          configuration.adminHost(),
          configuration.adminPort(),
          Configuration.ADMIN_PORT);
    } catch (RuntimeException e) {
      service.telemetry.close();
      throw e;
    }
    log.atInfo()
        .addKeyValue(
            "admin", "http://%s:%d".formatted(configuration.adminHost(), service.admin.port()))
        .addKeyValue("database", configuration.database())
        .addKeyValue("delivery", configuration.delivery())
        .log("relay starts");
    return service;
  }

  @Override
  public void run() {
    try (telemetry;
        housekeeping) {
      housekeeping.start();
      relay.run();
    }
  }

  @Override
  public void close() {
    try {
      relay.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    admin.stop();
  }
}
