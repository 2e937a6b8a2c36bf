package dev.tidemark.invalidator.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class RecentShareTest {

  private static final long MINUTE = Duration.ofMinutes(1).toNanos();

  @Test
  void countsTheLastTenMinutes() {
    RecentShare share = new RecentShare();
    share.count(false, -MINUTE);
    assertThat(share.share(0)).hasValue(0);
    share.count(true, 8 * MINUTE);
    assertThat(share.share(8 * MINUTE)).hasValue(0.5);
    assertThat(share.share(9 * MINUTE)).as("the first is over").hasValue(1);
    assertThat(share.share(18 * MINUTE)).isEmpty();
  }

  @Test
  void nothingCountedIsNoShare() {
    assertThat(new RecentShare().share(0)).isEmpty();
  }
}
