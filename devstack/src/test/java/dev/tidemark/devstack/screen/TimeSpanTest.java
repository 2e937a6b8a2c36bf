package dev.tidemark.devstack.screen;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class TimeSpanTest {
  @Test
  void secondsMinutesHoursAndDaysAreRead() {
    assertThat(new TimeSpan().convert("45s")).isEqualTo(Duration.ofSeconds(45));
    assertThat(new TimeSpan().convert("5m")).isEqualTo(Duration.ofMinutes(5));
    assertThat(new TimeSpan().convert("2h")).isEqualTo(Duration.ofHours(2));
    assertThat(new TimeSpan().convert("1d")).isEqualTo(Duration.ofDays(1));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "30", "s", "-1s", "1.5m", "30 s", "9999999s"})
  void anythingElseIsRefusedWithTheForm(String text) {
    assertThatThrownBy(() -> new TimeSpan().convert(text))
        .isInstanceOf(TypeConversionException.class)
        .hasMessageContaining("45s, 5m, 2h or 1d");
  }
}
