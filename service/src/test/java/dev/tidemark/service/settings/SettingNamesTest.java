package dev.tidemark.service.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SettingNamesTest {

  private static final Set<String> OF_ALL_PROGRAMS =
      Set.of(
          "TIDEMARK_API_X",
          "TIDEMARK_CONSOLE_X",
          "TIDEMARK_DB_X",
          "TIDEMARK_DEVSTACK_X",
          "TIDEMARK_INVALIDATOR_X",
          "TIDEMARK_RELAY_X",
          "PATH");

  @ParameterizedTest
  @ValueSource(
      strings = {"TIDEMARK_API_", "TIDEMARK_DB_", "TIDEMARK_INVALIDATOR_", "TIDEMARK_RELAY_"})
  void eachProgramRefusesItsOwnUnknownNamesAndPassesOverThoseOfAllOthers(String program) {
    assertThat(SettingNames.unknown(OF_ALL_PROGRAMS, program, _ -> false))
        .containsExactly(program + "X");
  }

  @Test
  void aNameOfNoProgramIsUnknownAndAnOwnOneIsNot() {
    assertThat(
            SettingNames.unknown(
                Set.of("TIDEMARK_RELAI_SLOT", "TIDEMARK_X", "TIDEMARK_RELAY_SLOT"),
                "TIDEMARK_RELAY_",
                "TIDEMARK_RELAY_SLOT"::equals))
        .containsExactly("TIDEMARK_RELAI_SLOT", "TIDEMARK_X");
  }
}
