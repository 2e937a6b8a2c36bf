package dev.tidemark.relay;

import dev.tidemark.event.EventHeaders;
import dev.tidemark.relay.Change.Poison;
import dev.tidemark.relay.RelayStatus.Streaming;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.LongCounter;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.metrics.ObservableLongMeasurement;
import java.util.List;

/// The relay's metrics. Thread-safe.
final class RelayMetrics {
  private static final double NANOS = 1e9;
  private static final Attributes RELAY = Attributes.of(AttributeKey.stringKey("by"), "relay");

  private static final AttributeKey<String> WAL_STATUS = AttributeKey.stringKey("wal_status");
  private static final List<String> WAL_STATUSES =
      List.of("reserved", "extended", "unreserved", "lost");

  private final LongCounter events;
  private final LongCounter deadLetters;

  RelayMetrics(Meter meter, RelayStatus status) {
    events = meter.counterBuilder("relay_events").setDescription("Outbox rows published").build();
    deadLetters =
        meter
            .counterBuilder("dead_letters")
            .setDescription(
                "Outbox rows that could not become events, see header "
                    + EventHeaders.DEAD_LETTER_REASON)
            .build();
    meter
        .gaugeBuilder("relay_active")
        .setDescription("1 while this relay is the one that publishes")
        .ofLongs()
        .buildWithCallback(m -> m.record(status.phase() instanceof Streaming ? 1 : 0));
    meter
        .gaugeBuilder("relay_lag_seconds")
        .setDescription("Age of the oldest heartbeat that has not come back through the log")
        .buildWithCallback(m -> m.record(status.lag().toNanos() / NANOS));
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
        .setDescription("1 at the wal_status that the slot has in pg_replication_slots")
        .ofLongs()
        .buildWithCallback(m -> status.slot().ifPresent(slot -> walStatus(m, slot)));
  }

  /// One series for each status, of which one is 1: so an alarm needs no list of what is well.
  private static void walStatus(ObservableLongMeasurement measurement, SlotState slot) {
    for (var status : WAL_STATUSES) {
      measurement.record(
          status.equals(slot.walStatus()) ? 1 : 0, Attributes.of(WAL_STATUS, status));
    }
  }

  void published(List<Change> changes) {
    long poison = changes.stream().filter(c -> c.content() instanceof Poison).count();
    events.add(changes.size() - poison);
    if (poison > 0) {
      deadLetters.add(poison, RELAY);
    }
  }
}
