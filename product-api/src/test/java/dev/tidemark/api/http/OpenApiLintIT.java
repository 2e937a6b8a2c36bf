package dev.tidemark.api.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tidemark.api.ForeignProgram;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Test of the description with a public linter, if the machine has npm to fetch it.
final class OpenApiLintIT {

  private static final String LINTER = "@redocly/cli@2.77.0";

  @BeforeEach
  void theLinterIsToBeHad() throws IOException {
    Optional<ForeignProgram> version = redocly("--version");
    assumeTrue(version.isPresent(), "no npm on this machine: install Node.js with npm");
    assumeTrue(
        version.get().exitCode() == 0,
        () -> "npm cannot fetch " + LINTER + ": " + version.get().output());
  }

  private static Optional<ForeignProgram> redocly(String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of("npm", "exec", "--yes"));
    command.add("--package=" + LINTER);
    command.addAll(List.of("--", "redocly"));
    command.addAll(List.of(arguments));
    return ForeignProgram.run(
        Map.of(
            "npm_config_cache", Path.of("target", "npm").toAbsolutePath().toString(),
            "npm_config_fetch_retries", "0",
            "REDOCLY_TELEMETRY", "off",
            "REDOCLY_SUPPRESS_UPDATE_NOTICE", "true"),
        command.toArray(String[]::new));
  }

  /// Runs the linter. No rule is switched off, and a warning counts as an error.
  private static ForeignProgram lint(Path document) throws IOException {
    return redocly("lint", "--extends=recommended-strict", document.toString()).orElseThrow();
  }

  @Test
  void itFindsNoFaultInTheDescription() throws IOException {
    ForeignProgram linter = lint(Path.of("src/main/resources/openapi.json"));
    assertThat(linter.exitCode()).as(linter.output()).isZero();
  }
}
