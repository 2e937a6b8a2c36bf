package dev.tidemark.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Test of `bin/tidemark` and the scripts beside it, with the commands of their users.
class CommandST {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "up",
        "demo",
        "import",
        "migrate",
        "relay",
        "resync",
        "status",
        "invalidate",
        "replay",
        "rebuild",
        "audit",
        "dead-letters"
      })
  void helpCallsACommandAsItIsTypedAndHasData(String command) throws Exception {
    var help = Tidemark.run(folder, Map.of(), "help", command);
    assertThat(help.code()).as(help.output()).isZero();
    assertThat(help.output())
        .containsPattern("Usage: bin/tidemark " + command + "\\b")
        .contains("--data");
    assertThat(Tidemark.run(folder, Map.of(), command, "--help")).isEqualTo(help);
  }

  @Test
  void versionIsToldAlone() throws Exception {
    for (var arguments : List.of("--version", "status --version")) {
      var answer = Tidemark.run(folder, Map.of(), arguments.split(" "));
      assertThat(answer.code()).isZero();
      assertThat(answer.output()).matches("tidemark \\d+\\.\\d+\\.\\d+\\S*( \\([0-9a-f]+\\))?\n");
    }
  }

  @Test
  void unknownCommandIsWrongUsageAlsoOfHelp() throws Exception {
    assertThat(Tidemark.run(folder, Map.of(), "nosuch").code()).isEqualTo(2);
    var help = Tidemark.run(folder, Map.of(), "help", "nosuch");
    assertThat(help.code()).isEqualTo(2);
    assertThat(help.output()).contains("unknown command 'nosuch'");
  }

  /// Test with CDPATH: `cd` prints the folder when it finds it by CDPATH, and may go to another
  /// folder.
  @ParameterizedTest
  @ValueSource(strings = {"bin/tidemark jdk", "benchmarks/run --help"})
  void exportedCdpathChangesNothing(String line) throws Exception {
    Tidemark.declareBuilt();
    Files.createDirectories(folder.resolve("bin"));
    Files.createDirectories(folder.resolve("benchmarks"));
    var output = folder.resolve("out");
    var builder =
        new ProcessBuilder(line.split(" "))
            .directory(StackProcess.PROJECT.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    builder.environment().put("CDPATH", folder + ":.");
    assertThat(builder.start().waitFor()).as(Files.readString(output)).isZero();
    assertThat(Files.readString(output)).doesNotContain(folder.toString());
  }

  @Test
  void everyScriptThatChangesItsFolderForgetsCdpath() throws IOException {
    for (var name : List.of("bin/tidemark", "benchmarks/run", "deploy/smoke", ".ci/run")) {
      try (Stream<String> lines = Files.lines(StackProcess.PROJECT.resolve(name))) {
        assertThat(lines.filter(line -> line.contains("cd ") || line.contains("unset CDPATH")))
            .as(name)
            .filteredOn(line -> !line.startsWith("#"))
            .first()
            .isEqualTo("unset CDPATH");
      }
    }
  }
}
