package dev.tidemark.operator.status;

import dev.tidemark.operator.run.Deadline;
import dev.tidemark.operator.status.AdminPort.Told;
import dev.tidemark.operator.status.AdminPort.Unanswered;
import dev.tidemark.operator.status.PartStatus.Line;
import dev.tidemark.service.status.RelayReport;
import dev.tidemark.service.status.RelayReport.Finding;
import dev.tidemark.service.status.RelayReport.Outbox;
import dev.tidemark.service.status.RelayReport.Slot;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The relay, by its own report, and its information about PostgreSQL: its slot and the outbox.
final class RelayPart {

  static final String NAME = "relay";
  private static final String POSTGRESQL = "postgresql";

  private RelayPart() {}

  static PartStatus<RelayReport> ask(AdminPort port, Deadline deadline) {
    try {
      Told<RelayReport> told = port.ask(RelayReport.class, deadline);
      return PartStatus.answered(NAME, told.json(), told.report(), lines(told.report()));
    } catch (Unanswered e) {
      return e.part(NAME, NAME);
    }
  }

  private static List<Line> lines(RelayReport relay) {
    List<Line> lines = new ArrayList<>();
    lines.add(Line.wellOrRed(NAME, relay.ready(), relay.reason()));
    lines.add(postgresql(relay));
    lines.add(Line.detail("slot", slot(relay)));
    relay
        .lastRepair()
        .ifPresent(
            repair ->
                lines.add(
                    Line.detail(
                        "repair",
                        "at %s: %s; %d events that the topics lacked were published"
                            .formatted(repair.at(), repair.reason(), repair.events()))));
    Outbox outbox = relay.outbox();
    outbox
        .partitions()
        .ifPresent(partitions -> lines.add(Line.detail("outbox", outbox(outbox, partitions))));
    lines.add(Line.detail("retention", retention(outbox)));
    for (Finding finding : relay.findings()) {
      lines.add(Line.detail(finding.severity(), finding.what() + ": " + finding.remedy()));
    }
    return lines;
  }

  private static Line postgresql(RelayReport relay) {
    Optional<Finding> error =
        relay.findings().stream()
            .filter(finding -> finding.server().equals(Finding.POSTGRESQL))
            .filter(finding -> finding.severity().equals(Finding.ERROR))
            .findFirst();
    if (error.isPresent()) {
      return Line.wellOrRed(POSTGRESQL, false, error.get().what());
    }
    return relay.slot().walStatus().isPresent()
        ? Line.wellOrRed(POSTGRESQL, true, "answers the relay")
        : Line.detail(POSTGRESQL, "not known, it has not answered the relay yet");
  }

  private static String slot(RelayReport relay) {
    Slot slot = relay.slot();
    return slot.name()
        + slot.walStatus()
            .map(
                walStatus ->
                    ": wal_status %s, %s behind (%.1f s), %s of log kept for it"
                        .formatted(
                            walStatus,
                            Sizes.bytes(slot.lagBytes().orElse(0L)),
                            relay.lagSeconds(),
                            Sizes.bytes(slot.retainedBytes().orElse(0L))))
            .orElse(": not known, PostgreSQL has not answered yet");
  }

  private static String outbox(Outbox outbox, int partitions) {
    return "%d daily partitions, %s to %s (%s days ahead), %d rows in the default partition"
        .formatted(
            partitions,
            outbox.oldestDay().orElse("none"),
            outbox.newestDay().orElse("none"),
            outbox.daysAhead().map(String::valueOf).orElse("no"),
            outbox.defaultRows().orElse(0L));
  }

  private static String retention(Outbox outbox) {
    return outbox.retentionDays().map(days -> days + " days").orElse("off: rows stay for ever")
        + outbox
            .lastRemoval()
            .map(removal -> "; last: %s at %s".formatted(removal.what(), removal.at()))
            .orElse("");
  }
}
