package dev.tidemark.relay.status;

import dev.tidemark.relay.status.RelayStatus.Failed;
import dev.tidemark.relay.status.RelayStatus.Repairing;
import dev.tidemark.relay.status.RelayStatus.StandingBy;
import dev.tidemark.relay.status.RelayStatus.Starting;
import dev.tidemark.relay.status.RelayStatus.Streaming;
import dev.tidemark.service.status.RelayReport;
import dev.tidemark.service.status.RelayReport.Outbox;
import dev.tidemark.service.status.RelayReport.Removal;
import dev.tidemark.service.status.RelayReport.Repair;
import dev.tidemark.service.status.RelayReport.Slot;
import dev.tidemark.service.status.RelayReport.Topic;
import dev.tidemark.service.status.RelayReport.WaitingFor;
import java.time.Duration;
import java.time.LocalDate;
import java.util.Locale;
import java.util.Optional;

/// Source of the answer of `/status`, which is told from [RelayStatus].
///
/// @param slot the name of the relay's slot
/// @param retention how long outbox rows are kept; empty: for ever
public record StatusReport(String slot, Optional<Duration> retention, RelayStatus status) {
  private static final double NANOS = 1e9;

  /// @param ready what readiness says, with its reason
  RelayReport report(boolean ready, String reason) {
    return new RelayReport(
        phase(),
        ready,
        reason,
        status.lag().lag().toNanos() / NANOS,
        status.waiting().map(StatusReport::waitingFor),
        status
            .lastRepair()
            .map(last -> new Repair(last.reason(), last.events(), last.at().toString())),
        slotState(),
        outbox(),
        status.followers().stream().map(StatusReport::topic).toList(),
        status.findings().all().stream().map(StatusReport::finding).toList());
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

  private static WaitingFor waitingFor(RelayStatus.Waiting waiting) {
    return new WaitingFor(
        waiting.transactionId(), waiting.since().toString(), RelayStatus.Waiting.REASON);
  }

  private Slot slotState() {
    var state = status.slot();
    return new Slot(
        slot,
        state.map(seen -> seen.status().text()),
        state.map(SlotState::lagBytes),
        state.map(SlotState::retainedBytes));
  }

  private Outbox outbox() {
    var state = status.outbox();
    return new Outbox(
        state.map(OutboxState::partitions),
        state.flatMap(OutboxState::oldestDay).map(LocalDate::toString),
        state.flatMap(OutboxState::newestDay).map(LocalDate::toString),
        state.flatMap(OutboxState::daysAhead),
        state.map(OutboxState::defaultRows),
        retention.map(Duration::toDays),
        status.lastRemoval().map(removal -> new Removal(removal.what(), removal.at().toString())));
  }

  private static Topic topic(TopicFollower follower) {
    return new Topic(follower.topic(), follower.followed().name().toLowerCase(Locale.ROOT));
  }

  private static RelayReport.Finding finding(Finding finding) {
    return new RelayReport.Finding(
        finding.server().name(),
        finding.isError() ? RelayReport.Finding.ERROR : RelayReport.Finding.WARNING,
        finding.what(),
        finding.remedy());
  }
}
