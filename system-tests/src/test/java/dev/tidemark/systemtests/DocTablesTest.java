package dev.tidemark.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Test that tables of the documents are whole: a blank line in the middle ends a table, and the
/// rest is shown as text.
class DocTablesTest {

  static List<Path> documents() throws IOException {
    try (Stream<Path> docs = Files.walk(StackProcess.PROJECT.resolve("docs"))) {
      return Stream.concat(
              docs.filter(file -> file.toString().endsWith(".md")),
              Stream.of("README.md", "CONTRIBUTING.md").map(StackProcess.PROJECT::resolve))
          .sorted()
          .toList();
    }
  }

  @ParameterizedTest
  @MethodSource("documents")
  void everyTableBeginsWithAHead(Path document) throws IOException {
    List<String> lines = Files.readAllLines(document);
    List<String> headless = new ArrayList<>();
    boolean isCode = false;
    for (int i = 1; i < lines.size(); i++) {
      isCode ^= lines.get(i).startsWith("```");
      boolean begins = lines.get(i).startsWith("|") && !lines.get(i - 1).startsWith("|");
      if (!isCode
          && begins
          && (i + 1 == lines.size() || !lines.get(i + 1).matches("\\|( *:?-+:? *\\|)+"))) {
        headless.add("line " + (i + 1) + ": " + lines.get(i));
      }
    }
    assertThat(headless).as("tables without a head in %s", document.getFileName()).isEmpty();
  }
}
