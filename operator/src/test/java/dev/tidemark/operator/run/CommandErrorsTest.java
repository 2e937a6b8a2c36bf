package dev.tidemark.operator.run;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tidemark.operator.CommandOutcome;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Messages of the operators' commands about wrong options. No server is contacted.
class CommandErrorsTest {

  private static final Map<String, String> SETTINGS =
      Map.of(
          "KAFKA_BOOTSTRAP_SERVERS",
          "127.0.0.1:1",
          "REDIS_URL",
          "redis://127.0.0.1:1",
          "DATABASE_URL",
          "postgresql://nobody@127.0.0.1:1/nothing");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "audit --grace 2x",
        "audit --grace -5",
        "audit --grace ",
        "audit --rate x",
        "audit --rate 0",
        "audit --rate 99999999999",
        "audit --rate -1/s",
        "audit --sample x",
        "audit --sample 0",
        "audit --sample 99999999",
        "audit --key order:o1",
        "audit --key ",
        "replay --from x",
        "replay --from 99999999999999999999",
        "replay --from 2026-13-01T00:00",
        "replay --from beginning --rate x",
        "rebuild --memory x",
        "rebuild --memory 9999999999999g",
        "rebuild --into http://x",
        "rebuild --into env:NOTHING",
        "rebuild --into file:/nothing",
        "resync --rate x",
        "status --timeout x",
        "status --timeout 0s",
        "status --timeout 9d",
        "status --watch x",
        "dead-letters list --from x",
        "dead-letters show x",
        "dead-letters send 0:1 --aggregate-version x",
        "dead-letters discard 0:x --yes",
        "dead-letters discard --up-to x --yes",
      })
  void wrongValueIsToldWithItsOption(String line) throws JsonProcessingException {
    String[] arguments = (line + " --json").replace("  ", " \0 ").split(" ");
    for (int i = 0; i < arguments.length; i++) {
      arguments[i] = arguments[i].replace("\0", "");
    }

    CommandOutcome outcome = CommandOutcome.of(SETTINGS, arguments);

    String option =
        line.contains(" --") ? line.replaceAll(".* (--[a-z-]+) .*|.* (--[a-z-]+) ?$", "$1$2") : "";
    if (line.endsWith("--yes")) {
      option = line.contains("--up-to") ? "--up-to" : "ID";
    }
    assertThat(outcome.code()).as(outcome.err()).isEqualTo(2);
    assertThat(outcome.err()).contains(option).doesNotContain("Exception", "For input string");
    JsonNode json = new ObjectMapper().readTree(outcome.out());
    assertThat(outcome.out()).hasLineCount(1);
    assertThat(json.path("error").asText()).contains(option);
    assertThat(json.path("exitCode").asInt()).isEqualTo(2);
  }

  @Test
  void unknownOptionAndSettingAreTold() {
    assertThat(CommandOutcome.of(SETTINGS, "audit", "--al"))
        .satisfies(outcome -> assertThat(outcome.code()).isEqualTo(2))
        .satisfies(outcome -> assertThat(outcome.err()).contains("--al"));
    assertThat(CommandOutcome.of(Map.of(), "replay", "--from", "1h", "--json"))
        .satisfies(outcome -> assertThat(outcome.code()).isEqualTo(2))
        .satisfies(
            outcome ->
                assertThat(outcome.out())
                    .startsWith("{\"error\":\"KAFKA_BOOTSTRAP_SERVERS is not set"));
  }

  @Test
  void noCommandIsWrongUsage() {
    CommandOutcome outcome = CommandOutcome.of(SETTINGS);
    assertThat(outcome.code()).isEqualTo(2);
    assertThat(outcome.err()).contains("--help tells all options");
  }

  @ParameterizedTest
  @ValueSource(strings = {"45s", "5m", "2h", "1d", "1h30m", "90"})
  void timesHaveUnits(String text) {
    assertThat(new TimeSpanOption().convert(text)).isPositive();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "replay",
        "rebuild",
        "resync",
        "audit",
        "status",
        "dead-letters",
        "dead-letters list",
        "dead-letters show",
        "dead-letters send",
        "dead-letters discard"
      })
  void helpTellsExitCodes(String command) {
    CommandOutcome help = CommandOutcome.of(Map.of(), (command + " --help").split(" "));
    assertThat(help.code()).isZero();
    assertThat(help.out()).contains("Exit codes:", command);
  }
}
