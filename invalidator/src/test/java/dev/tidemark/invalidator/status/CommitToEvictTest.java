package dev.tidemark.invalidator.status;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tidemark.invalidator.status.CommitToEvict.Limit;
import dev.tidemark.invalidator.status.CommitToEvict.Quantile;
import dev.tidemark.invalidator.status.CommitToEvict.Times;
import io.opentelemetry.api.metrics.MeterProvider;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CommitToEvictTest {

  private final AtomicLong nanos = new AtomicLong();
  private final CommitToEvict times =
      new CommitToEvict(MeterProvider.noop().get("test"), nanos::get);

  @Test
  void quantilesAndSharesAreThoseOfTheTimes() {
    IntStream.rangeClosed(1, 1000).forEach(i -> times.took(Duration.ofMillis(i)));

    Times lately = times.lately();

    assertThat(lately.count()).isEqualTo(1000);
    assertMillis(lately, "0.5", 500);
    assertMillis(lately, "0.99", 990);
    assertMillis(lately, "0.999", 999);
    assertThat(CommitToEvict.LIMITS)
        .extracting(lately::shareWithin)
        .containsExactly(0.01, 0.1, 1.0);
    assertThat(times.sinceStart().count()).isEqualTo(1000);
  }

  @Test
  void afterAMinuteATimeCountsOnlySinceTheStart() {
    times.took(Duration.ofSeconds(3));
    times.roll();
    pass(Duration.ofSeconds(59));
    times.took(Duration.ofMillis(1));
    assertThat(times.lately().count()).isEqualTo(2);

    pass(Duration.ofSeconds(2));

    assertThat(times.lately().count()).isEqualTo(1);
    assertThat(times.lately().shareWithin(limit("10ms"))).isEqualTo(1);
    assertThat(times.sinceStart().count()).isEqualTo(2);
    assertThat(times.sinceStart().shareWithin(limit("2s"))).isEqualTo(0.5);
  }

  /// Frequent reads must not increase its memory, nor shorten the minute.
  @Test
  void askedOftenTheWindowStaysAMinute() {
    for (int i = 0; i < 600; i++) {
      times.took(Duration.ofMillis(1));
      times.lately();
      pass(Duration.ofMillis(100));
    }
    assertThat(times.lately().count()).isBetween(550L, 600L);
  }

  @Test
  void changeFromTheFutureCountsAsEvictedAtOnce() {
    times.took(Duration.ofSeconds(-5));
    assertThat(times.lately().shareWithin(limit("10ms"))).isEqualTo(1);
    assertThat(times.lately().at(new Quantile("0.99"))).isZero();
  }

  /// A header with a time of antiquity is well-formed.
  @Test
  void changeFromLongAgoIsBoundedAndDoesNoHarm_H35() {
    times.took(Duration.of(2000 * 365L, ChronoUnit.DAYS));
    assertThat(times.lately().at(new Quantile("0.5"))).isBetween(days(365), days(366));
  }

  @Test
  void withoutTimesTheShareIsWhole() {
    assertThat(times.lately().count()).isZero();
    assertThat(times.lately().shareWithin(limit("10ms"))).isEqualTo(1);
  }

  private void pass(Duration time) {
    nanos.addAndGet(time.toNanos());
  }

  private static Duration days(int days) {
    return Duration.ofDays(days);
  }

  private static Limit limit(String text) {
    return CommitToEvict.LIMITS.stream()
        .filter(limit -> limit.text().equals(text))
        .findFirst()
        .orElseThrow();
  }

  private static void assertMillis(Times times, String quantile, double millis) {
    assertThat(times.at(new Quantile(quantile)).toNanos() / 1e6)
        .isCloseTo(millis, within(millis / 500));
  }
}
