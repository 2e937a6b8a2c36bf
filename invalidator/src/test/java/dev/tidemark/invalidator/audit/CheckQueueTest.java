package dev.tidemark.invalidator.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.invalidator.audit.CheckQueue.Admission;
import dev.tidemark.invalidator.settings.AuditSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CheckQueueTest {

  private static final long SECOND = Duration.ofSeconds(1).toNanos();

  @Test
  void anEventIsCheckedThreeTimesAtItsTimes() {
    CheckQueue pending = new CheckQueue(AuditSettings.of(1), 0);
    pending.add("k", 1, 0, 0);
    List<Long> times = new ArrayList<>();
    for (long second = 0; second <= 70; second++) {
      for (ScheduledCheck check : pending.takeDue(second * SECOND, 10)) {
        times.add(second);
        if (!pending.isLast(check.window())) {
          pending.goOn(check);
        }
      }
    }
    assertThat(times).containsExactly(2L, 10L, 60L);
    assertThat(pending.size()).isZero();
  }

  @Test
  void theLastCheckOfALateEventLeavesTimeToApplyIt() {
    CheckQueue pending = new CheckQueue(AuditSettings.of(1), 0);
    pending.add("late", 1, 0, 300 * SECOND);
    for (int window = 0; window < 2; window++) {
      List<ScheduledCheck> due = pending.takeDue(300 * SECOND, 10);
      assertThat(due).as("window " + window + " is over").hasSize(1);
      pending.goOn(due.getFirst());
    }
    assertThat(pending.takeDue(359 * SECOND, 10)).isEmpty();
    assertThat(pending.takeDue(360 * SECOND, 10)).hasSize(1);
  }

  @Test
  void aSampleHasItsShareOfEventsAndIsTheSameForAll() {
    CheckQueue one = new CheckQueue(AuditSettings.of(0.1), 0);
    CheckQueue other = new CheckQueue(AuditSettings.of(0.1), 0);
    for (int i = 0; i < 100_000; i++) {
      assertThat(one.add("product:" + i, i % 7, 0, 0))
          .isEqualTo(other.add("product:" + i, i % 7, 0, 0));
    }
    assertThat(one.size()).isBetween(9_500, 10_500);
  }

  @Test
  void eachVersionOfAKeyIsSampledForItself() {
    CheckQueue pending = new CheckQueue(AuditSettings.of(0.1), 0);
    for (int version = 1; version <= 10_000; version++) {
      pending.add("product:hot", version, 0, 0);
    }
    assertThat(pending.size()).isBetween(900, 1100);
  }

  /// Two minutes of ten times as many events as fit.
  @Test
  void moreEventsThanFitAreSampledEvenlyWithinTheBound() {
    int most = 6000;
    CheckQueue pending =
        new CheckQueue(new AuditSettings(1, List.of(Duration.ofSeconds(60)), most), 0);
    int perSecond = 1000;
    List<Integer> takenBySecond = new ArrayList<>();
    for (int second = 0; second < 120; second++) {
      int taken = 0;
      for (int i = 0; i < perSecond; i++) {
        long now = second * SECOND + i * SECOND / perSecond;
        pending.takeDue(now, Integer.MAX_VALUE);
        if (pending.add("product:" + i, second, now, now) == Admission.TAKEN) {
          taken++;
        }
        assertThat(pending.size()).isLessThanOrEqualTo(most);
      }
      takenBySecond.add(taken);
    }
    assertThat(takenBySecond.getFirst()).as("not known yet").isEqualTo(perSecond);
    assertThat(takenBySecond.subList(1, 50)).allSatisfy(t -> assertThat(t).isBetween(60, 140));
    assertThat(takenBySecond.subList(61, 120)).allSatisfy(t -> assertThat(t).isBetween(60, 140));
  }

  @Test
  void afterARushAllAreTakenAgain() {
    CheckQueue pending =
        new CheckQueue(new AuditSettings(1, List.of(Duration.ofSeconds(1)), 100), 0);
    for (int i = 0; i < 1000; i++) {
      pending.add("product:" + i, 1, 0, 0);
    }
    assertThat(pending.size()).isEqualTo(100);
    pending.takeDue(5 * SECOND, 1000);
    pending.add("product:x", 1, 5 * SECOND, 5 * SECOND);
    pending.takeDue(9 * SECOND, 1000);
    for (int i = 0; i < 50; i++) {
      assertThat(pending.add("product:" + i, 2, 9 * SECOND, 9 * SECOND)).isEqualTo(Admission.TAKEN);
    }
  }
}
