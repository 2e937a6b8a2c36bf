package dev.tidemark.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class BackoffTest {

  @Test
  void withoutTimeThereIsNoPause() throws Exception {
    assertThat(new Backoff(Duration.ZERO).pause()).isFalse();
  }

  @Test
  void thePausesTogetherTakeTheTimeThatIsGiven() throws Exception {
    Duration limit = Duration.ofMillis(30);
    long begun = System.nanoTime();
    Backoff backoff = new Backoff(limit);
    int pauses = 0;
    while (backoff.pause()) {
      pauses++;
    }
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThanOrEqualTo(limit);
    // The pauses are at least 1, 2, 4, 8 and 16 ms.
    assertThat(pauses).isBetween(1, 6);
  }
}
