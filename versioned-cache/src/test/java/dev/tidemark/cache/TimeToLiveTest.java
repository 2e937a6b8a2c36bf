package dev.tidemark.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.cache.store.CachedValue.Absent;
import dev.tidemark.cache.store.CachedValue.Present;
import java.time.Duration;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class TimeToLiveTest {

  private static final Present VALUE = new Present(1, new byte[0]);
  private static final Absent ABSENCE = new Absent(1);

  @RepeatedTest(50)
  void aLifeIsAtMostTheTtlAndNotMuchLess() {
    TimeToLive lives = new TimeToLive(Duration.ofSeconds(100), Duration.ofSeconds(10));
    assertThat(lives.of(VALUE)).isBetween(Duration.ofSeconds(85), Duration.ofSeconds(100));
    assertThat(lives.of(ABSENCE)).isBetween(Duration.ofMillis(8_500), Duration.ofSeconds(10));
  }

  @RepeatedTest(50)
  void ofManyTheLivesAreSpreadWider() {
    TimeToLive lives = TimeToLive.ofMany(CacheSettings.defaults().withTtl(Duration.ofSeconds(100)));
    assertThat(lives.of(VALUE)).isBetween(Duration.ofSeconds(50), Duration.ofSeconds(100));
    assertThat(lives.of(ABSENCE)).isBetween(Duration.ofSeconds(30), Duration.ofSeconds(60));
  }

  @Test
  void noLifeIsTooShortForRedis() {
    Duration least = Duration.ofMillis(1);
    assertThat(new TimeToLive(least, least).of(VALUE)).isEqualTo(least);
  }
}
