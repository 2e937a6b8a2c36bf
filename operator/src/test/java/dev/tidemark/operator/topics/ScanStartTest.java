package dev.tidemark.operator.topics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ScanStartTest {

  private static final Instant NOW = Instant.parse("2026-11-26T03:00:00Z");

  @Test
  void aTimeHasAZoneOrIsThisMachines() {
    assertThat(ScanStart.parse("2026-11-26T04:00:00+01:00", NOW))
        .isEqualTo(new ScanStart.At(Instant.parse("2026-11-26T03:00:00Z")));
    assertThat(ScanStart.parse("2026-11-26T03:00", NOW))
        .isEqualTo(
            new ScanStart.At(
                LocalDateTime.parse("2026-11-26T03:00")
                    .atZone(ZoneId.systemDefault())
                    .toInstant()));
  }

  @ParameterizedTest
  @CsvSource({"90s, PT90S", "15m, PT15M", "2h30m, PT2H30M", "1d, P1D", "1d12h, P1DT12H"})
  void aTimeSpanIsSoLongAgo(String text, Duration ago) {
    assertThat(ScanStart.parse(text, NOW)).isEqualTo(new ScanStart.At(NOW.minus(ago)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "beginning",
        "1200",
        "0:1200",
        "0:1200,3:98",
        "a.events:0:5,b.events:2:7",
        "2026-11-26T03:00:00Z"
      })
  void asTextItIsWhatWasRead(String text) {
    assertThat(ScanStart.parse(text, NOW)).hasToString(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "end",
        "-5",
        "1:2:3:4",
        "0:1,",
        "m",
        "15x",
        "99999999999999999999",
        "2026-13-01T00:00"
      })
  void anythingElseIsRefusedWithTheFormsThereAre(String text) {
    assertThatThrownBy(() -> ScanStart.parse(text, NOW))
        .hasMessageContaining("'" + text + "' is none of");
  }
}
