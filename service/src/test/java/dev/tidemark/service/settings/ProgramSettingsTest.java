package dev.tidemark.service.settings;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProgramSettingsTest {

  private static final Map<String, String> OF_ALL_PROGRAMS =
      Map.of(
          "TIDEMARK_API_X", "",
          "TIDEMARK_CONSOLE_X", "",
          "TIDEMARK_DB_X", "",
          "TIDEMARK_DEVSTACK_X", "",
          "TIDEMARK_INVALIDATOR_X", "",
          "TIDEMARK_RELAY_X", "",
          "PATH", "");

  @ParameterizedTest
  @ValueSource(
      strings = {"TIDEMARK_API_", "TIDEMARK_DB_", "TIDEMARK_INVALIDATOR_", "TIDEMARK_RELAY_"})
  void eachProgramRefusesItsOwnUnknownNamesAndPassesOverThoseOfAllOthers(String prefix) {
    assertThatThrownBy(
            () -> new ProgramSettings("the program", prefix, List.of()).check(OF_ALL_PROGRAMS))
        .isInstanceOf(InvalidSettings.class)
        .message()
        .startsWith(prefix + "X is not a setting of the program")
        .hasLineCount(1);
  }

  @Test
  void aNameOfNoProgramIsUnknownAndAnOwnOneIsNot() {
    ProgramSettings relay =
        new ProgramSettings(
            "the relay",
            "TIDEMARK_RELAY_",
            List.of(Setting.text("TIDEMARK_RELAY_SLOT", "standard", "slot")));
    assertThatThrownBy(
            () ->
                relay.check(
                    Map.of(
                        "TIDEMARK_RELAI_SLOT", "", "TIDEMARK_X", "", "TIDEMARK_RELAY_SLOT", "s")))
        .message()
        .hasLineCount(2)
        .contains("TIDEMARK_RELAI_SLOT", "TIDEMARK_X", "there are TIDEMARK_RELAY_SLOT");
  }

  @Test
  void allFaultsAreToldAtOnceAndOnlyThoseOfWhatIsNeeded() {
    Setting<Integer> small = Setting.number("SMALL", 1, 0, 9, "a digit");
    Setting<String> must = Setting.required("MUST", "anything");
    Setting<Boolean> flag = Setting.flag("FLAG", "true or not");
    ProgramSettings settings =
        new ProgramSettings("the program", "TIDEMARK_API_", List.of(small, must, flag));
    Map<String, String> environment = Map.of("SMALL", "10", "FLAG", "yes");
    assertThatThrownBy(() -> settings.check(environment))
        .hasMessage(
            """
            SMALL is "10", but must be a number from 0 to 9
            MUST is not set
            FLAG is "yes", but must be one of false, true"""
                .replace("\n", System.lineSeparator()));
    assertThatThrownBy(() -> settings.check(environment, List.of(must)))
        .hasMessage("MUST is not set");
  }
}
