package dev.tidemark.invalidator.offsets;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class AppliedHistoryTest {

  private static final long ALL = Long.MIN_VALUE / 2;

  private final AppliedHistory trail = new AppliedHistory(100);

  @Test
  void whatIsNotNotedIsAnsweredByTheFloor() {
    assertThat(trail.at(seconds(5))).isEqualTo(100);
  }

  @Test
  void answersTheLastOffsetNotedBefore() {
    trail.applied(200, seconds(10), ALL);
    trail.applied(300, seconds(20), ALL);

    assertThat(trail.at(seconds(9))).isEqualTo(100);
    assertThat(trail.at(seconds(10))).isEqualTo(200);
    assertThat(trail.at(seconds(19))).isEqualTo(200);
    assertThat(trail.at(seconds(25))).isEqualTo(300);
  }

  /// If nothing was applied for long, the last applied offset stays known.
  @Test
  void whatIsNotNeededIsForgottenAndTheRestIsNot() {
    trail.applied(200, seconds(10), ALL);
    trail.applied(300, seconds(20), ALL);
    trail.applied(400, seconds(600), seconds(15));

    assertThat(trail.at(seconds(15))).isEqualTo(200);
    assertThat(trail.at(seconds(20))).isEqualTo(300);
  }

  @Test
  void noMoreThanOneIsNotedInASecond() {
    trail.applied(200, seconds(10), ALL);
    trail.applied(300, seconds(10) + 1, ALL);

    assertThat(trail.at(seconds(10) + 2)).isEqualTo(200);
  }

  /// Nothing comes for long: offsets that were applied in the first second are old by then.
  @Test
  void whatWasAppliedAndNotNotedIsNotedLater() {
    trail.applied(200, seconds(10), ALL);
    trail.applied(300, seconds(10) + 1, ALL);

    trail.applied(300, seconds(12), ALL);
    trail.applied(300, seconds(14), ALL);

    assertThat(trail.at(seconds(11))).isEqualTo(200);
    assertThat(trail.at(seconds(12))).isEqualTo(300);
  }

  @Test
  void afterARewindTheAnswerIsNoLater() {
    trail.applied(200, seconds(10), ALL);

    trail.rewound(50);

    assertThat(trail.at(seconds(30))).isEqualTo(50);
  }

  private static long seconds(int seconds) {
    return Duration.ofSeconds(seconds).toNanos();
  }
}
