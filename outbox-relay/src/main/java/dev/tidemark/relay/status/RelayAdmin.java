package dev.tidemark.relay.status;

import static java.util.stream.Collectors.joining;

import dev.tidemark.relay.status.RelayStatus.Failed;
import dev.tidemark.relay.status.RelayStatus.Repairing;
import dev.tidemark.relay.status.RelayStatus.StandingBy;
import dev.tidemark.relay.status.RelayStatus.Starting;
import dev.tidemark.relay.status.RelayStatus.Streaming;
import dev.tidemark.relay.status.RelayStatus.Waiting;
import dev.tidemark.service.http.AdminServer;
import dev.tidemark.service.status.RelayReport;
import io.helidon.health.HealthCheck;
import io.helidon.health.HealthCheckResponse;
import io.helidon.health.HealthCheckType;
import io.helidon.webserver.WebServer;
import io.opentelemetry.exporter.prometheus.PrometheusMetricReader;
import java.time.Duration;
import java.util.List;

/// The relay's admin server, with its readiness and its state.
public final class RelayAdmin {
  /// Time without a heartbeat after which the stream counts as stalled. A heartbeat goes out every
  /// two seconds, and a busy stream may hold one up for some time.
  private static final Duration STALLED = Duration.ofSeconds(30);

  private RelayAdmin() {}

  public static WebServer create(
      String host, int port, StatusReport report, PrometheusMetricReader metrics) {
    var readiness = new Readiness(report.status());
    return AdminServer.create(
        host, port, List.of(readiness), metrics, () -> report(readiness, report));
  }

  private static RelayReport report(Readiness readiness, StatusReport report) {
    var answer = readiness.call();
    var reason = String.valueOf(answer.details().get(Readiness.REASON));
    return report.report(answer.status() == HealthCheckResponse.Status.UP, reason);
  }

  /// Readiness: the relay streams with heartbeats coming back, or stands by for the relay that
  /// does, and no fault is known that would keep events from their topic.
  private record Readiness(RelayStatus status) implements HealthCheck {
    private static final String REASON = "reason";

    @Override
    public HealthCheckType type() {
      return HealthCheckType.READINESS;
    }

    @Override
    public String name() {
      return "stream";
    }

    @Override
    public HealthCheckResponse call() {
      var errors = status.findings().errors().stream().map(Finding::text).collect(joining("; "));
      return switch (status.phase()) {
        case Failed(String reason) -> answer(false, reason);
        case Repairing(String doing) ->
            answer(false, "repairing: " + status.waiting().map(Waiting::text).orElse(doing));
        case Starting(var _), StandingBy(), Streaming() when !errors.isEmpty() ->
            answer(false, errors);
        case Starting(var doing) -> answer(false, "starting: " + doing + afterFailure());
        case StandingBy() -> answer(true, "standing by: another relay is active");
        case Streaming() when status.waiting().isPresent() ->
            answer(
                status.waited().compareTo(STALLED) <= 0,
                status.waiting().map(Waiting::text).orElse("streaming"));
        case Streaming() when status.lag().lag().compareTo(STALLED) > 0 ->
            answer(
                false,
                "the stream stalls: nothing has come through the log for %d s"
                    .formatted(status.lag().lag().toSeconds()));
        case Streaming() when status.failure().isPresent() ->
            answer(false, "streaming again, and nothing new has come through" + afterFailure());
        case Streaming() -> answer(true, "streaming");
      };
    }

    private String afterFailure() {
      return status.failure().map(reason -> "; the last session ended with: " + reason).orElse("");
    }

    private static HealthCheckResponse answer(boolean ready, String reason) {
      return HealthCheckResponse.builder().status(ready).detail(REASON, reason).build();
    }
  }
}
