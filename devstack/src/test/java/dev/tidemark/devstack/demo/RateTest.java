package dev.tidemark.devstack.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

class RateTest {
  @ParameterizedTest
  @CsvSource({"500, 500", "500/s, 500", "0, 0"})
  void aRateIsPerSecondWithAndWithoutItsUnit(String text, int perSecond) {
    assertThat(new Rate().convert(text)).isEqualTo(perSecond);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "-1", "1.5/s", "500/m", "1000000000"})
  void anythingElseIsRefusedWithTheOptionAndTheForm(String text) {
    assertThatThrownBy(() -> new CommandLine(new Demo(Map.of())).parseArgs("--rate=" + text))
        .isInstanceOf(ParameterException.class)
        .hasMessageContainingAll("--rate", "500/s");
  }

  @Test
  void aTimeThatIsNoneIsRefusedWithTheOptionAndTheForm() {
    assertThatThrownBy(() -> new CommandLine(new Demo(Map.of())).parseArgs("--duration=2x"))
        .isInstanceOf(ParameterException.class)
        .hasMessageContainingAll("--duration", "45s, 5m, 2h or 1d");
  }
}
