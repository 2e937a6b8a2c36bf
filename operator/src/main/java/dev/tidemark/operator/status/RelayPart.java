package dev.tidemark.operator.status;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tidemark.operator.run.Deadline;
import dev.tidemark.operator.status.AdminPort.Unanswered;
import dev.tidemark.operator.status.PartStatus.Line;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.StreamSupport;

/// The relay, by its own report, and its information about PostgreSQL: its slot and the outbox.
final class RelayPart {

  static final String NAME = "relay";
  private static final String POSTGRESQL = "postgresql";

  private RelayPart() {}

  static PartStatus ask(AdminPort port, Deadline deadline) {
    try {
      return of(port.json("/status", deadline));
    } catch (Unanswered e) {
      return e.part(NAME, NAME);
    }
  }

  private static PartStatus of(JsonNode relay) {
    boolean ready = relay.path("ready").asBoolean();
    List<Line> lines = new ArrayList<>();
    lines.add(Line.wellOrRed(NAME, ready, relay.path("reason").asText()));
    lines.add(postgresql(relay));
    lines.add(Line.detail("slot", slot(relay)));
    JsonNode repair = relay.path("lastRepair");
    if (repair.isObject()) {
      lines.add(
          Line.detail(
              "repair",
              "at %s: %s; %d events that the topics lacked were published"
                  .formatted(
                      repair.path("at").asText(),
                      repair.path("reason").asText(),
                      repair.path("events").asLong())));
    }
    JsonNode outbox = relay.path("outbox");
    if (outbox.has("partitions")) {
      lines.add(Line.detail("outbox", outbox(outbox)));
    }
    lines.add(Line.detail("retention", retention(outbox)));
    for (JsonNode finding : relay.path("findings")) {
      lines.add(
          Line.detail(
              finding.path("severity").asText(),
              finding.path("what").asText() + ": " + finding.path("remedy").asText()));
    }
    return new PartStatus(NAME, relay, lines);
  }

  private static Line postgresql(JsonNode relay) {
    Optional<JsonNode> error =
        StreamSupport.stream(relay.path("findings").spliterator(), false)
            .filter(finding -> finding.path("server").asText().equals("POSTGRESQL"))
            .filter(finding -> finding.path("severity").asText().equals("ERROR"))
            .findFirst();
    if (error.isPresent()) {
      return Line.wellOrRed(POSTGRESQL, false, error.get().path("what").asText());
    }
    return relay.path("slot").has("walStatus")
        ? Line.wellOrRed(POSTGRESQL, true, "answers the relay")
        : Line.detail(POSTGRESQL, "not known, it has not answered the relay yet");
  }

  private static String slot(JsonNode relay) {
    JsonNode slot = relay.path("slot");
    return slot.path("name").asText()
        + (slot.has("walStatus")
            ? ": wal_status %s, %s behind (%.1f s), %s of log kept for it"
                .formatted(
                    slot.path("walStatus").asText(),
                    Sizes.bytes(slot.path("lagBytes").asLong()),
                    relay.path("lagSeconds").asDouble(),
                    Sizes.bytes(slot.path("retainedBytes").asLong()))
            : ": not known, PostgreSQL has not answered yet");
  }

  private static String outbox(JsonNode outbox) {
    return "%d daily partitions, %s to %s (%s days ahead), %d rows in the default partition"
        .formatted(
            outbox.path("partitions").asInt(),
            outbox.path("oldestDay").asText("none"),
            outbox.path("newestDay").asText("none"),
            outbox.path("daysAhead").asText("no"),
            outbox.path("defaultRows").asLong());
  }

  private static String retention(JsonNode outbox) {
    return (outbox.has("retentionDays")
            ? outbox.path("retentionDays").asLong() + " days"
            : "off: rows stay for ever")
        + (outbox.has("lastRemoval")
            ? "; last: %s at %s"
                .formatted(
                    outbox.at("/lastRemoval/what").asText(), outbox.at("/lastRemoval/at").asText())
            : "");
  }
}
