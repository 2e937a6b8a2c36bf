package dev.tidemark.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EventTimeTest {

  private static final int INSTANTS = 20_000;

  @Test
  void whatAnInstantIsWrittenAsIsReadAsTheSame() {
    long seed = new Random().nextLong();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    for (int i = 0; i < INSTANTS; i++) {
      long second = random.nextLong(-62_135_596_800L, 253_402_300_800L);
      int nano = random.nextInt(1_000_000_000);
      for (int unit : new int[] {1, 1000, 1_000_000, 1_000_000_000}) {
        Instant instant = Instant.ofEpochSecond(second, (long) (nano / unit) * unit);
        assertThat(EventTime.parse(instant.toString())).isEqualTo(instant);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2026-01-02T03:04:05Z",
        "2026-01-02T03:04:05.1Z",
        "2026-01-02T03:04:05.12345Z",
        "2026-01-02T03:04:05.123456789Z",
        "2024-02-29T23:59:59.999Z",
        "2026-01-02T24:00:00Z",
        "2016-12-31T23:59:60Z",
        "2026-01-02T03:04:05+01:00",
        "2026-01-02t03:04:05z",
        "+12026-01-02T03:04:05Z",
        "-0001-01-02T03:04:05Z",
      })
  void isReadAsTheLibraryReadsIt(String text) {
    assertThat(EventTime.parse(text)).isEqualTo(Instant.parse(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "Z",
        "now",
        "2026-01-02T03:04Z",
        "2026-13-02T03:04:05Z",
        "2026-02-30T03:04:05Z",
        "2026-01-02T25:04:05Z",
        "2026-01-02T03:60:05Z",
        "2026-01-02T03:04:05.1234567890Z",
        "2026-01-02 03:04:05Z",
        "2026-01-02T03:04:05",
        "2026-01-02T03:04:5Z",
        "2026-01-02T03:04:0xZ",
        "2026-01-02T03-04:05Z",
      })
  void whatIsNoTimeIsRefused(String text) {
    assertThatThrownBy(() -> Instant.parse(text)).isInstanceOf(DateTimeException.class);
    assertThatThrownBy(() -> EventTime.parse(text)).isInstanceOf(DateTimeException.class);
  }
}
