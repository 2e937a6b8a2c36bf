package dev.tidemark.invalidator.status;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class KafkaLagTest {

  private static final Instant NOW = Instant.parse("2026-03-10T12:00:00Z");

  private final AtomicLong nanos = new AtomicLong();
  private final KafkaLag lag = new KafkaLag(Clock.fixed(NOW, ZoneOffset.UTC), nanos::get);

  @BeforeEach
  void begin() {
    lag.assigned(Set.of(new TopicPartition("product.events", 1)));
  }

  @Test
  void whatIsNotKnownIsNotTold() {
    assertThat(lag.events()).isEmpty();
    assertThat(lag.time()).isEmpty();
    lag.sees(3);
    lag.clear();
    assertThat(lag.events()).isEmpty();
    assertThat(lag.time()).isEmpty();
  }

  @Test
  void withNoEventLeftItIsZero() {
    lag.read(NOW.minusSeconds(100));
    lag.sees(0);
    assertThat(lag.time()).contains(Duration.ZERO);
  }

  @Test
  void withABacklogItIsTheAgeOfTheOldestThatWasRead() {
    lag.read(NOW.minusSeconds(100));
    lag.sees(5000);
    assertThat(lag.events()).hasValue(5000);
    assertThat(lag.time()).contains(Duration.ofSeconds(100));
  }

  /// The event that was read last may be a day old.
  @Test
  void afterARestItIsNoLongerThanSinceNothingWasLeft() {
    lag.read(NOW.minus(Duration.ofDays(1)));
    lag.sees(0);
    nanos.addAndGet(Duration.ofSeconds(1).toNanos());
    lag.sees(1);
    assertThat(lag.time()).contains(Duration.ofSeconds(1));
  }

  /// A partition counts as having nothing left before it is assigned, whatever it holds.
  @Test
  void backlogOfNewPartitionsCountsInFull() {
    lag.assigned(Set.of());
    lag.sees(0);
    lag.assigned(Set.of(new TopicPartition("product.events", 2)));
    lag.read(NOW.minusSeconds(100));
    lag.sees(7);
    assertThat(lag.time()).contains(Duration.ofSeconds(100));
    assertThat(lag.partitions()).containsExactly("product.events-2");
  }
}
