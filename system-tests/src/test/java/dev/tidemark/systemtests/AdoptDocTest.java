package dev.tidemark.systemtests;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.assertj.core.util.diff.DiffUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Test that `docs/adopt.md` shows what `AdoptionST` runs.
///
/// A comment `<!-- from FILE -->` or `<!-- from FILE region NAME -->` before a fenced block tells
/// where the block comes from, below `system-tests/src/test`. A region of a Java file lies between
/// `// region NAME` and `// endregion`.
class AdoptDocTest {
  private static final String DOC = "docs/adopt.md";
  private static final Path SOURCES = StackProcess.PROJECT.resolve("system-tests/src/test");
  private static final Pattern BLOCK =
      Pattern.compile(
          "<!-- from (?<file>\\S+)(?: region (?<region>\\S+))? -->\\n```\\w*\\n(?<text>.*?)```\\n",
          Pattern.DOTALL);

  record Block(String file, String region, String text) {
    @Override
    public String toString() {
      return (file + " " + region).strip();
    }
  }

  static Stream<Block> blocks() throws IOException {
    return BLOCK
        .matcher(doc())
        .results()
        .map(
            found ->
                new Block(
                    found.group("file"),
                    found.group("region") == null ? "" : found.group("region"),
                    found.group("text")));
  }

  @ParameterizedTest
  @MethodSource("blocks")
  void blockIsWhatTheTestRuns(Block block) throws IOException {
    var source = Files.readAllLines(SOURCES.resolve(block.file()));
    var wanted = block.region().isEmpty() ? source : region(source, block);
    var shown = block.text().lines().toList();

    assertThat(shown)
        .as(
            "%s differs from system-tests/src/test/%s, which is what the test runs. Where the source is right, put this into the block of the document:%n%s%nThe difference:%n%s%n",
            DOC, block, String.join("\n", wanted), difference(shown, wanted))
        .isEqualTo(wanted);
  }

  /// A block without its comment would not be checked.
  @Test
  void everyBlockSaysWhereItIsFrom() throws IOException {
    long fences = doc().lines().filter(line -> line.startsWith("```")).count();

    assertThat(blocks()).hasSize((int) fences / 2).isNotEmpty();
  }

  private static String doc() throws IOException {
    return Files.readString(StackProcess.PROJECT.resolve(DOC));
  }

  private static List<String> region(List<String> source, Block block) {
    var text =
        source.stream()
            .dropWhile(line -> !line.strip().equals("// region " + block.region()))
            .skip(1)
            .takeWhile(line -> !line.strip().equals("// endregion"))
            .collect(joining("\n"));
    assertThat(text).as("region of %s", block).isNotBlank();
    return text.stripIndent().lines().toList();
  }

  private static String difference(List<String> shown, List<String> wanted) {
    return DiffUtils.diff(wanted, shown).getDeltas().stream()
        .map(String::valueOf)
        .collect(joining("\n"));
  }
}
