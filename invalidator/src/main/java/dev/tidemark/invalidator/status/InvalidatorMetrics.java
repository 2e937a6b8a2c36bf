package dev.tidemark.invalidator.status;

import dev.tidemark.cache.store.Eviction;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.Meter;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/// Counters of the invalidator, for its metrics and its status. Thread-safe.
public final class InvalidatorMetrics {

  private static final AttributeKey<String> RESULT = AttributeKey.stringKey("result");
  private static final Attributes INVALIDATOR =
      Attributes.of(AttributeKey.stringKey("by"), "invalidator");
  private static final String FAILED = "failed";
  private static final double NANOS = 1e9;

  private final Map<Eviction, LongAdder> evictions = new EnumMap<>(Eviction.class);
  private final LongAdder failed = new LongAdder();
  private final LongAdder deadLetters = new LongAdder();
  private final LongAdder rewinds = new LongAdder();
  private final LongAdder gaps = new LongAdder();

  /// Sets up the instruments.
  public InvalidatorMetrics(Meter meter, KafkaLag lag) {
    for (Eviction eviction : Eviction.values()) {
      evictions.put(eviction, new LongAdder());
    }
    meter
        .counterBuilder("invalidations")
        .setDescription("Evictions sent to Redis, by what they found and did")
        .buildWithCallback(
            counter ->
                evictions()
                    .forEach(
                        (result, count) -> counter.record(count, Attributes.of(RESULT, result))));
    meter
        .counterBuilder("dead_letters")
        .setDescription("Records that break the contract")
        .buildWithCallback(counter -> counter.record(deadLetters(), INVALIDATOR));
    meter
        .counterBuilder("invalidation_gaps")
        .setDescription("Versions that were missing between two events of an aggregate")
        .buildWithCallback(counter -> counter.record(gaps()));
    meter
        .counterBuilder("invalidator_rewinds")
        .setDescription(
            "How often the last evictions were applied again, for a Redis that may have lost them")
        .buildWithCallback(counter -> counter.record(rewinds()));
    meter
        .gaugeBuilder("invalidator_lag_events")
        .setDescription("Records between the committed offsets and the end of the topics")
        .ofLongs()
        .buildWithCallback(gauge -> lag.events().ifPresent(gauge::record));
    meter
        .gaugeBuilder("invalidator_lag_seconds")
        .setDescription("Age of the oldest event that is not applied")
        .buildWithCallback(
            gauge -> lag.time().ifPresent(time -> gauge.record(time.toNanos() / NANOS)));
  }

  public void invalidation(Eviction eviction) {
    Objects.requireNonNull(evictions.get(eviction)).increment();
  }

  public void invalidationFailed() {
    failed.increment();
  }

  /// Returns the number of evictions by result.
  Map<String, Long> evictions() {
    Map<String, Long> byResult = new LinkedHashMap<>();
    evictions.forEach(
        (eviction, count) ->
            byResult.put(eviction.name().toLowerCase(Locale.ROOT), count.longValue()));
    byResult.put(FAILED, failed.longValue());
    return byResult;
  }

  public void gap() {
    gaps.increment();
  }

  long gaps() {
    return gaps.longValue();
  }

  public void rewind() {
    rewinds.increment();
  }

  long rewinds() {
    return rewinds.longValue();
  }

  public void deadLetters(int count) {
    deadLetters.add(count);
  }

  long deadLetters() {
    return deadLetters.longValue();
  }
}
