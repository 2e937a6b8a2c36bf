package dev.tidemark.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;

class PatienceTest {
  private static final Duration USUAL = Duration.ofHours(1);

  @Test
  void limitIsTheUsualOneOnAMachineThatIsNotBusy() {
    assertThat(limitAfter(0.2)).isEqualTo(USUAL);
    assertThat(new Patience(Duration.ZERO, () -> 0.2).isOver()).isTrue();
  }

  @Test
  void limitStretchesWithTheLoadAndKeepsItsLongest() {
    assertThat(limitAfter(3.0)).isEqualTo(USUAL.multipliedBy(3));
    assertThat(limitAfter(3.0, 0.5)).isEqualTo(USUAL.multipliedBy(3));
  }

  @Test
  void limitStretchesFivefoldAtMost() {
    assertThat(limitAfter(100.0)).isEqualTo(USUAL.multipliedBy(5));
  }

  private static Duration limitAfter(Double... loads) {
    Deque<Double> next = new ArrayDeque<>(List.of(loads));
    Patience patience = new Patience(USUAL, next::removeFirst);
    for (int i = 0; i < loads.length; i++) {
      assertThat(patience.isOver()).isFalse();
    }
    return patience.limit();
  }
}
