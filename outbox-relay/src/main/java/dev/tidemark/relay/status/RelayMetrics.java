package dev.tidemark.relay.status;

import dev.tidemark.event.EventHeaders;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.LongCounter;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.metrics.ObservableLongMeasurement;

/// The relay's metrics. Thread-safe.
public final class RelayMetrics {
  private static final double NANOS = 1e9;
  private static final Attributes RELAY = Attributes.of(AttributeKey.stringKey("by"), "relay");

  private static final AttributeKey<String> TOPIC = AttributeKey.stringKey("topic");
  private static final AttributeKey<String> RESULT = AttributeKey.stringKey("result");
  private static final AttributeKey<String> WAL_STATUS = AttributeKey.stringKey("wal_status");

  private final LongCounter events;
  private final LongCounter deadLetters;
  private final LongCounter gaps;
  private final LongCounter repairs;

  public RelayMetrics(Meter meter, RelayStatus status) {
    events = meter.counterBuilder("relay_events").setDescription("Outbox rows published").build();
    deadLetters =
        meter
            .counterBuilder("dead_letters")
            .setDescription(
                "Outbox rows that could not become events, see header "
                    + EventHeaders.DEAD_LETTER_REASON)
            .build();
    gaps =
        meter
            .counterBuilder("relay_version_gaps")
            .setDescription("Gaps in what the log brought, by whether the outbox had the versions")
            .build();
    repairs =
        meter
            .counterBuilder("relay_repairs")
            .setDescription(
                "Slots made anew, with what the topics lacked published from the outbox")
            .build();
    meter
        .gaugeBuilder("relay_active")
        .setDescription("1 while this relay is the one that publishes")
        .ofLongs()
        .buildWithCallback(m -> m.record(status.isActive() ? 1 : 0));
    meter
        .gaugeBuilder("relay_lag_seconds")
        .setDescription(
            "Time since the oldest moment after which nothing is known to have come through the"
                + " log")
        .buildWithCallback(m -> m.record(status.lag().lag().toNanos() / NANOS));
    meter
        .gaugeBuilder("relay_lag_bytes")
        .setDescription("Write-ahead log between the confirmed position and the newest")
        .ofLongs()
        .buildWithCallback(m -> status.slot().ifPresent(slot -> m.record(slot.lagBytes())));
    meter
        .gaugeBuilder("relay_slot_retained_bytes")
        .setDescription("Write-ahead log that the server keeps because of the slot")
        .ofLongs()
        .buildWithCallback(m -> status.slot().ifPresent(slot -> m.record(slot.retainedBytes())));
    meter
        .gaugeBuilder("relay_slot_wal_status")
        .setDescription(
            "1 at the wal_status that the slot has in pg_replication_slots, or at absent")
        .ofLongs()
        .buildWithCallback(m -> status.slot().ifPresent(slot -> walStatus(m, slot)));
    meter
        .gaugeBuilder("relay_topic_followed")
        .setDescription("1 when the invalidators' group follows the topic, 0 when nobody does")
        .ofLongs()
        .buildWithCallback(m -> status.followers().forEach(topic -> followed(m, topic)));
    outbox(meter, status);
  }

  private static void outbox(Meter meter, RelayStatus status) {
    meter
        .gaugeBuilder("relay_outbox_partitions")
        .setDescription("Daily partitions of the outbox")
        .ofLongs()
        .buildWithCallback(m -> status.outbox().ifPresent(outbox -> m.record(outbox.partitions())));
    meter
        .gaugeBuilder("relay_outbox_oldest_seconds")
        .setDescription("Age of the outbox's oldest day")
        .buildWithCallback(
            m ->
                status
                    .outbox()
                    .flatMap(OutboxState::age)
                    .ifPresent(age -> m.record((double) age.toSeconds())));
    meter
        .gaugeBuilder("relay_outbox_ahead_days")
        .setDescription("Days after today for which the outbox has partitions")
        .ofLongs()
        .buildWithCallback(
            m -> status.outbox().flatMap(OutboxState::daysAhead).ifPresent(m::record));
    meter
        .gaugeBuilder("relay_outbox_default_rows")
        .setDescription("Rows in the outbox's default partition, estimated")
        .ofLongs()
        .buildWithCallback(
            m -> status.outbox().ifPresent(outbox -> m.record(outbox.defaultRows())));
  }

  /// Reports one series for each status, of which one is 1, so that an alarm needs no list of the
  /// good ones.
  private static void walStatus(ObservableLongMeasurement measurement, SlotState slot) {
    for (var status : SlotState.Status.values()) {
      measurement.record(status == slot.status() ? 1 : 0, Attributes.of(WAL_STATUS, status.text()));
    }
  }

  private static void followed(ObservableLongMeasurement measurement, TopicFollower topic) {
    var attributes = Attributes.of(TOPIC, topic.topic());
    switch (topic.followed()) {
      case YES -> measurement.record(1, attributes);
      case NO -> measurement.record(0, attributes);
      case UNKNOWN -> {}
    }
  }

  public void repaired() {
    repairs.add(1);
  }

  /// Counts a gap in the versions.
  ///
  /// @param isWhole whether the outbox had all that was missing
  public void gap(boolean isWhole) {
    gaps.add(1, Attributes.of(RESULT, isWhole ? "repaired" : "not_found"));
  }

  /// Counts published changes.
  ///
  /// @param changes how many
  /// @param letters how many of them became dead letters
  public void published(int changes, int letters) {
    events.add(changes - letters);
    if (letters > 0) {
      deadLetters.add(letters, RELAY);
    }
  }
}
