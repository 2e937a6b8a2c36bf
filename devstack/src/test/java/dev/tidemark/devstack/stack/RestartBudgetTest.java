package dev.tidemark.devstack.stack;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RestartBudgetTest {
  private final RestartBudget budget = new RestartBudget();
  private long now = 17;

  @Test
  void theFirstRestartIsImmediateAndTheNextOnesWaitLonger() {
    List<Long> pauses = new ArrayList<>();
    for (int restart = 0; restart < 8; restart++) {
      pauses.add(restart().length().toMillis());
    }
    assertThat(pauses).containsExactly(0L, 200L, 400L, 800L, 1600L, 3200L, 5000L, 5000L);
  }

  @Test
  void aPartThatDiesTooOftenWaitsUntilAMinuteHasGoneBy() {
    for (int restart = 0; restart < RestartBudget.PER_MINUTE; restart++) {
      assertThat(restart().exhausted()).isFalse();
    }
    long first = 17;
    RestartBudget.Pause pause = budget.next(now);
    assertThat(pause.exhausted()).isTrue();
    assertThat(now + pause.length().toNanos()).isEqualTo(first + Duration.ofMinutes(1).toNanos());
  }

  @Test
  void aQuietMinuteMakesTheNextRestartImmediate() {
    restart();
    restart();
    now += Duration.ofMinutes(1).toNanos();
    assertThat(restart().length()).isZero();
  }

  /// Makes one restart. The time of the pause passes.
  private RestartBudget.Pause restart() {
    RestartBudget.Pause pause = budget.next(now);
    now += pause.length().toNanos();
    return pause;
  }
}
