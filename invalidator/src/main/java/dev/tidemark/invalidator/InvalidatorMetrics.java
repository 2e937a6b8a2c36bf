package dev.tidemark.invalidator;

import dev.tidemark.cache.Eviction;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.LongCounter;
import io.opentelemetry.api.metrics.Meter;
import java.util.OptionalLong;
import java.util.function.Supplier;

/// The metrics of the invalidator. Thread-safe.
final class InvalidatorMetrics {

  private static final AttributeKey<String> RESULT = AttributeKey.stringKey("result");
  private static final Attributes EVICTED = Attributes.of(RESULT, "evicted");
  private static final Attributes ALREADY_FRESH = Attributes.of(RESULT, "already_fresh");
  private static final Attributes FLOOR_RAISED = Attributes.of(RESULT, "floor_raised");
  private static final Attributes ABSENT = Attributes.of(RESULT, "absent");
  private static final Attributes FAILED = Attributes.of(RESULT, "failed");
  private static final Attributes INVALIDATOR =
      Attributes.of(AttributeKey.stringKey("by"), "invalidator");

  private final LongCounter invalidations;
  private final LongCounter deadLetters;
  private final LongCounter rewinds;
  private final LongCounter gaps;

  /// Sets up the instruments.
  ///
  /// @param lag events between what is committed and the end of the topics, where it is known
  InvalidatorMetrics(Meter meter, Supplier<OptionalLong> lag) {
    invalidations =
        meter
            .counterBuilder("invalidations")
            .setDescription("Evictions sent to Redis, by what they found and did")
            .build();
    deadLetters =
        meter
            .counterBuilder("dead_letters")
            .setDescription("Records that break the contract")
            .build();
    gaps =
        meter
            .counterBuilder("invalidation_gaps")
            .setDescription("Versions that were missing between two events of an aggregate")
            .build();
    rewinds =
        meter
            .counterBuilder("invalidator_rewinds")
            .setDescription(
                "How often the last evictions were applied again, for a Redis that may have lost them")
            .build();
    meter
        .gaugeBuilder("invalidator_lag_events")
        .setDescription("Records between the committed offsets and the end of the topics")
        .ofLongs()
        .buildWithCallback(gauge -> lag.get().ifPresent(gauge::record));
  }

  void invalidation(Eviction eviction) {
    invalidations.add(
        1,
        switch (eviction) {
          case EVICTED -> EVICTED;
          case ALREADY_FRESH -> ALREADY_FRESH;
          case FLOOR_RAISED -> FLOOR_RAISED;
          case ABSENT -> ABSENT;
        });
  }

  void invalidationFailed() {
    invalidations.add(1, FAILED);
  }

  void gap() {
    gaps.add(1);
  }

  void rewind() {
    rewinds.add(1);
  }

  void deadLetters(int count) {
    deadLetters.add(count, INVALIDATOR);
  }
}
