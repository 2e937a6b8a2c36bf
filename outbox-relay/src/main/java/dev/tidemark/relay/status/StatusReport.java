package dev.tidemark.relay.status;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemark.relay.status.RelayStatus.Failed;
import dev.tidemark.relay.status.RelayStatus.Repairing;
import dev.tidemark.relay.status.RelayStatus.StandingBy;
import dev.tidemark.relay.status.RelayStatus.Starting;
import dev.tidemark.relay.status.RelayStatus.Streaming;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/// Answer of `/status`: the relay's state as JSON, for a human's command and for programs.
///
/// Information from PostgreSQL (slot, outbox) is from the last look at it, some seconds old. A part
/// that was never seen is absent.
///
/// @param slot the name of the relay's slot
/// @param retention how long outbox rows are kept; empty: for ever
public record StatusReport(String slot, Optional<Duration> retention, RelayStatus status) {
  private static final ObjectMapper json = new ObjectMapper();
  private static final double NANOS = 1e9;

  /// @param ready what readiness says, with its reason
  byte[] json(boolean ready, String reason) {
    var report = json.createObjectNode();
    report.put("phase", phase()).put("ready", ready).put("reason", reason);
    report.put("lagSeconds", status.lag().lag().toNanos() / NANOS);
    status
        .waiting()
        .ifPresent(
            waiting ->
                report
                    .putObject("waitingFor")
                    .put("transaction", waiting.transactionId())
                    .put("since", waiting.since().toString())
                    .put("reason", RelayStatus.Waiting.REASON));
    status
        .lastRepair()
        .ifPresent(
            repair ->
                report
                    .putObject("lastRepair")
                    .put("reason", repair.reason())
                    .put("events", repair.events())
                    .put("at", repair.at().toString()));
    slot(report.putObject("slot"));
    outbox(report.putObject("outbox"));
    var topics = report.putArray("topics");
    for (var topic : status.followers()) {
      topics
          .addObject()
          .put("topic", topic.topic())
          .put("followed", topic.followed().name().toLowerCase(Locale.ROOT));
    }
    var findings = report.putArray("findings");
    for (var finding : status.findings().all()) {
      findings
          .addObject()
          .put("server", finding.server().name())
          .put("severity", finding.isError() ? "ERROR" : "WARNING")
          .put("what", finding.what())
          .put("remedy", finding.remedy());
    }
    try {
      return json.writeValueAsBytes(report);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("the status could not be written as JSON", e);
    }
  }

  private String phase() {
    return switch (status.phase()) {
      case Starting(var _) -> "starting";
      case StandingBy() -> "standing-by";
      case Repairing(var _) -> "repairing";
      case Streaming() -> "streaming";
      case Failed(var _) -> "failed";
    };
  }

  private void slot(ObjectNode node) {
    node.put("name", slot);
    status
        .slot()
        .ifPresent(
            state ->
                node.put("walStatus", state.status().text())
                    .put("lagBytes", state.lagBytes())
                    .put("retainedBytes", state.retainedBytes()));
  }

  private void outbox(ObjectNode node) {
    status
        .outbox()
        .ifPresent(
            state -> {
              node.put("partitions", state.partitions());
              state.oldestDay().ifPresent(day -> node.put("oldestDay", day.toString()));
              state.newestDay().ifPresent(day -> node.put("newestDay", day.toString()));
              state.daysAhead().ifPresent(days -> node.put("daysAhead", days));
              node.put("defaultRows", state.defaultRows());
            });
    retention.ifPresent(keep -> node.put("retentionDays", keep.toDays()));
    status
        .lastRemoval()
        .ifPresent(
            removal ->
                node.putObject("lastRemoval")
                    .put("what", removal.what())
                    .put("at", removal.at().toString()));
  }
}
