package dev.tidemark.cache;

import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.FillResult;
import dev.tidemark.cache.store.RefreshResult;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.metrics.LongCounter;
import io.opentelemetry.api.metrics.LongUpDownCounter;
import io.opentelemetry.api.metrics.Meter;
import java.util.List;

/// Instruments of a cache. Thread-safe.
///
/// Prometheus shows them as `cache_requests_total`, `cache_lookup_seconds`, `cache_fills_total`,
/// `cache_refreshes_total`, `cache_early_refreshes_total`, `cache_lease_waits_total`,
/// `cache_breaker_openings_total`, `cache_breaker_open`, `cache_near_gaps_total` and
/// `database_reads_total`.
final class CacheMetrics {

  private static final AttributeKey<String> RESULT = AttributeKey.stringKey("result");
  private static final Attributes HIT = result("hit");
  private static final Attributes NEAR_HIT = result("near_hit");
  private static final Attributes NEGATIVE = result("negative");
  private static final Attributes MISS = result("miss");
  private static final Attributes BYPASS = result("bypass");
  private static final Attributes ERROR = result("error");
  private static final Attributes STORED = result("stored");
  private static final Attributes SUPERSEDED = result("superseded");
  private static final Attributes LEASE_LOST = result("lease_lost");
  private static final Attributes REFRESHED = result("refreshed");
  private static final Attributes ALREADY_FRESH = result("already_fresh");
  private static final Attributes FLOOR_RAISED = result("floor_raised");
  private static final Attributes ABSENT = result("absent");
  private static final Attributes PROLONGED = result("prolonged");
  private static final Attributes REMOVED = result("removed");

  /// Bounds of the buckets in seconds. A lookup on the same host takes about 0.1 ms.
  private static final List<Double> LOOKUP_BUCKETS =
      List.of(
          0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
          1.0);

  private final LongCounter requests;
  private final DoubleHistogram lookups;
  private final LongCounter fills;
  private final LongCounter refreshes;
  private final LongCounter earlyRefreshes;
  private final LongCounter leaseWaits;
  private final LongCounter breakerOpenings;
  private final LongUpDownCounter openBreakers;
  private final LongCounter nearGaps;
  private final LongCounter databaseReads;

  CacheMetrics(Meter meter) {
    requests =
        meter
            .counterBuilder("cache.requests")
            .setDescription("Reads through the cache, by how they were served")
            .build();
    lookups =
        meter
            .histogramBuilder("cache.lookup")
            .setUnit("s")
            .setDescription("Time for the cache to say what a key holds")
            .setExplicitBucketBoundariesAdvice(LOOKUP_BUCKETS)
            .build();
    fills =
        meter
            .counterBuilder("cache.fills")
            .setDescription("Values offered to the cache under a lease, by what became of them")
            .build();
    refreshes =
        meter
            .counterBuilder("cache.refreshes")
            .setDescription("Values offered to the cache after a write or a strong read")
            .build();
    earlyRefreshes =
        meter
            .counterBuilder("cache.early.refreshes")
            .setDescription("Popular values whose unchanged source was read before they expired")
            .build();
    breakerOpenings =
        meter
            .counterBuilder("cache.breaker.openings")
            .setDescription("Outages of the cache: from then on reads went to the database")
            .build();
    openBreakers =
        meter
            .upDownCounterBuilder("cache.breaker.open")
            .setDescription(
                "Parts of the cache (a cluster has several) that are taken for away now")
            .build();
    nearGaps =
        meter
            .counterBuilder("cache.near.gaps")
            .setDescription("Events that the near cache found missing in its feed")
            .build();
    leaseWaits =
        meter
            .counterBuilder("cache.lease.waits")
            .setDescription("Reads that waited for another process to fill")
            .build();
    databaseReads =
        meter
            .counterBuilder("database.reads")
            .setDescription("Reads that went to the database")
            .build();
  }

  void request(Read read) {
    requests.add(
        1,
        switch (read.served()) {
          case NEAR_HIT -> NEAR_HIT;
          case HIT -> read.value() instanceof CachedValue.Present ? HIT : NEGATIVE;
          case STORED, NOT_STORED, COLLAPSED -> MISS;
          case BYPASSED -> BYPASS;
          case DEGRADED -> ERROR;
        });
  }

  void requestFailed() {
    requests.add(1, ERROR);
  }

  void lookup(long nanos) {
    lookups.record(nanos / 1e9);
  }

  void fill(FillResult result) {
    fills.add(
        1,
        switch (result) {
          case FillResult.Stored() -> STORED;
          case FillResult.Superseded(long _) -> SUPERSEDED;
          case FillResult.LeaseLost() -> LEASE_LOST;
        });
  }

  void fillFailed() {
    fills.add(1, ERROR);
  }

  void refresh(RefreshResult result) {
    refreshes.add(
        1,
        switch (result) {
          case REFRESHED -> REFRESHED;
          case ALREADY_FRESH -> ALREADY_FRESH;
          case FLOOR_RAISED -> FLOOR_RAISED;
          case ABSENT -> ABSENT;
        });
  }

  /// Counts a value that was removed because the source disproved it.
  void removed() {
    refreshes.add(1, REMOVED);
  }

  void refreshFailed() {
    refreshes.add(1, ERROR);
  }

  void earlyRefresh(boolean wasThere) {
    earlyRefreshes.add(1, wasThere ? PROLONGED : ABSENT);
  }

  /// Counts a part of the store that is considered to be away.
  void breakerOpened() {
    breakerOpenings.add(1);
    openBreakers.add(1);
  }

  void breakerClosed() {
    openBreakers.add(-1);
  }

  void nearGap() {
    nearGaps.add(1);
  }

  void leaseWait() {
    leaseWaits.add(1);
  }

  void databaseRead() {
    databaseReads.add(1);
  }

  private static Attributes result(String name) {
    return Attributes.of(RESULT, name);
  }
}
