package dev.tidemark.api.problem;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

final class ProblemTypeTest {

  @Test
  void eachIsDocumentedWithItsStatusAndNoOther() throws IOException {
    String page = Files.readString(Path.of("../docs/problems.md"));
    assertThat(
            Pattern.compile("^### (\\S+)\\n\\n(\\d{3})", Pattern.MULTILINE)
                .matcher(page)
                .results()
                .map((MatchResult found) -> found.group(1) + " " + found.group(2)))
        .containsExactlyElementsOf(
            Arrays.stream(ProblemType.values())
                .map(type -> type.uri() + " " + type.status().code())
                .toList());
  }
}
