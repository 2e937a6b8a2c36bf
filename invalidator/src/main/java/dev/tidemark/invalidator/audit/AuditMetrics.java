package dev.tidemark.invalidator.audit;

import dev.tidemark.service.status.AuditReport;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.Meter;
import java.util.function.Supplier;

/// The metrics of the running audit, as its report has them.
public final class AuditMetrics {

  private static final AttributeKey<String> RESULT = AttributeKey.stringKey("result");
  private static final AttributeKey<String> WITHIN = AttributeKey.stringKey("within");

  private AuditMetrics() {}

  public static void register(Meter meter, Supplier<AuditReport> audit) {
    meter
        .counterBuilder("audit_keys")
        .setDescription("Audited events, by what became of them")
        .buildWithCallback(
            counter ->
                audit
                    .get()
                    .keys()
                    .forEach(
                        (result, count) -> counter.record(count, Attributes.of(RESULT, result))));
    meter
        .counterBuilder("audit_checks")
        .setDescription("Checks of audited events, by time after the commit and what they found")
        .buildWithCallback(
            counter -> {
              for (AuditReport.Window window : audit.get().windows()) {
                counter.record(window.consistent(), check(window, "consistent"));
                counter.record(window.behind(), check(window, "behind"));
                counter.record(window.unknown(), check(window, "unknown"));
              }
            });
    meter
        .gaugeBuilder("audit_consistent_ratio")
        .setDescription("Share of the checks of the last ten minutes that found no older version")
        .buildWithCallback(
            gauge -> {
              for (AuditReport.Window window : audit.get().windows()) {
                window
                    .recentShare()
                    .ifPresent(
                        share -> gauge.record(share, Attributes.of(WITHIN, window.within())));
              }
            });
    meter
        .gaugeBuilder("audit_pending_events")
        .setDescription("Audited events whose checks are not all made")
        .ofLongs()
        .buildWithCallback(gauge -> gauge.record(audit.get().pending()));
  }

  private static Attributes check(AuditReport.Window window, String result) {
    return Attributes.of(WITHIN, window.within(), RESULT, result);
  }
}
