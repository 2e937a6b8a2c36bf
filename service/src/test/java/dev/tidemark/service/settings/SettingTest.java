package dev.tidemark.service.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingTest {

  private static final Setting<Duration> TIME =
      Setting.time("TIME_SECONDS", ChronoUnit.SECONDS, 30, 1, 3600, "a time");

  @ParameterizedTest
  @CsvSource({"45, PT45S", "45s, PT45S", "5m, PT5M", "1h, PT1H", "1500ms, PT1.5S", "1m30s, PT90S"})
  void aTimeMaySayItsUnit(String text, Duration time) {
    assertThat(TIME.from(Map.of("TIME_SECONDS", text))).isEqualTo(time);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "2h", "5x", "-1", "1.5", "", "ms", "999ms"})
  void aTimeOutOfRangeOrFormIsRefused(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TIME.from(Map.of("TIME_SECONDS", text)))
        .withMessage(
            "TIME_SECONDS is \"%s\", but must be a number from 1 to 3600, or a time like 500ms, 45s, 5m, 2h, 1d",
            text);
  }

  @Test
  void whatIsNotSetHasItsDefaultWhichTheHelpTells() {
    assertThat(TIME.from(Map.of())).isEqualTo(Duration.ofSeconds(30));
    assertThat(TIME.help()).isEqualTo("a time (30, from 1 to 3600)");
    assertThat(Setting.port("PORT", 8080, "a port").help())
        .isEqualTo("a port (8080; 0: any that is free)");
  }

  @Test
  void aTextIsNeverEmptyAndMatchesItsForm() {
    Setting<String> text = Setting.text("NAME", "standard", "a name");
    assertThat(text.from(Map.of("NAME", " mine "))).isEqualTo("mine");
    assertThatIllegalArgumentException().isThrownBy(() -> text.from(Map.of("NAME", " ")));
    Setting<String> slot = Setting.matching("SLOT", "s", Pattern.compile("[a-z]+"), "a slot");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> slot.from(Map.of("SLOT", "S")))
        .withMessage("SLOT is \"S\", but must be of the form [a-z]+");
  }

  @Test
  void aSecretMayStandInAFileAndNoMessageHoldsIt(@TempDir Path folder) throws Exception {
    Setting<Integer> secret = Setting.secret("SECRET", "a number", SettingTest::number);
    Path file = Files.writeString(folder.resolve("secret"), "7\n");
    assertThat(secret.from(Map.of("SECRET_FILE", file.toString()))).isEqualTo(7);
    assertThat(secret.names()).containsExactlyInAnyOrder("SECRET", "SECRET_FILE");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> secret.from(Map.of("SECRET", "hidden")))
        .withMessage("SECRET: is no number");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> secret.from(Map.of()))
        .withMessage("SECRET is not set");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> secret.from(Map.of("SECRET", " ")))
        .withMessage("SECRET is empty");
    assertThat(secret.optional("").from(Map.of())).isEmpty();
  }

  private static int number(String text) {
    return Setting.number(text).orElseThrow(() -> new IllegalArgumentException("is no number"));
  }
}
