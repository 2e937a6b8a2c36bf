package dev.tidemark.devstack.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class EvictionTimesTest {
  private static final String METRICS =
      """
      # HELP invalidation_commit_to_evict_seconds From the commit of a change
      # TYPE invalidation_commit_to_evict_seconds histogram
      invalidation_commit_to_evict_seconds_bucket{otel_scope_name="x",le="0.01"} 50
      invalidation_commit_to_evict_seconds_bucket{otel_scope_name="x",le="0.02"} 90
      invalidation_commit_to_evict_seconds_bucket{otel_scope_name="x",le="+Inf"} 100
      invalidation_commit_to_evict_seconds_count{otel_scope_name="x"} 100
      other_seconds_bucket{le="0.01"} 7
      """;

  @Test
  void percentilesLieWithinTheirBuckets() {
    EvictionTimes times = EvictionTimes.parse(METRICS);
    assertThat(times.count()).isEqualTo(100);
    assertThat(times.millis(25)).isCloseTo(5, within(0.001));
    assertThat(times.millis(50)).isCloseTo(10, within(0.001));
    assertThat(times.millis(70)).isCloseTo(15, within(0.001));
  }

  @Test
  void beyondTheLastBoundOnlyThatBoundIsKnown() {
    assertThat(EvictionTimes.parse(METRICS).millis(99)).isCloseTo(20, within(0.001));
  }

  @Test
  void onlyWhatCameSinceAnEarlierReadingCounts() {
    EvictionTimes earlier = EvictionTimes.parse(METRICS);
    EvictionTimes later =
        EvictionTimes.parse(
            METRICS.replace("\"0.02\"} 90", "\"0.02\"} 94").replace(" 100", " 104"));
    assertThat(later.since(earlier).count()).isEqualTo(4);
    assertThat(later.since(earlier).millis(50)).isCloseTo(15, within(0.001));
  }

  @Test
  void anInvalidatorThatWasStartedAgainCountsFromZero() {
    EvictionTimes before = EvictionTimes.parse(METRICS.replace(" 100", " 1000"));
    assertThat(EvictionTimes.parse(METRICS).since(before).count()).isEqualTo(100);
  }

  @Test
  void withoutObservationsThereIsNothingToTell() {
    assertThat(EvictionTimes.parse("").count()).isZero();
    assertThat(EvictionTimes.parse("").millis(99)).isZero();
  }
}
