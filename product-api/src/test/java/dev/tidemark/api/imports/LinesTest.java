package dev.tidemark.api.imports;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class LinesTest {

  /// Returns each line as its text, or "…" for one that is too long.
  private static List<String> lines(String text, int limit) throws IOException {
    Lines lines = new Lines(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)), limit);
    List<String> all = new ArrayList<>();
    for (Optional<Lines.Line> line = lines.next(); line.isPresent(); line = lines.next()) {
      assertThat(line.get().number()).isEqualTo(all.size() + 1);
      all.add(line.get().tooLong() ? "…" : new String(line.get().bytes(), StandardCharsets.UTF_8));
    }
    return all;
  }

  @Test
  void linesEndWithLfOrCrLfAndTheLastMayDoWithout() throws IOException {
    assertThat(lines("", 10)).isEmpty();
    assertThat(lines("\n", 10)).containsExactly("");
    assertThat(lines("a\nb\r\n\nc", 10)).containsExactly("a", "b", "", "c");
    assertThat(lines("a\rb\r\r\n\r", 10)).containsExactly("a\rb\r", "");
  }

  @Test
  void theEndOfALineIsNoPartOfItsLength() throws IOException {
    assertThat(lines("12345\n12345\r\n123456\n123456\r\n12345\r", 5))
        .containsExactly("12345", "12345", "…", "…", "12345");
  }

  @Test
  void aLineOfAnyLengthIsPassedOverAndTheNextIsFound() throws IOException {
    for (int length : new int[] {65_535, 65_536, 65_537, 1_000_000}) {
      assertThat(lines("x".repeat(length) + "\nnext", 100)).containsExactly("…", "next");
      assertThat(lines("x".repeat(length) + "\r\nnext", length))
          .containsExactly("x".repeat(length), "next");
    }
  }

  @Test
  void aByteOrderMarkIsNoPartOfTheLineThatItBegins() throws IOException {
    assertThat(lines("\ufeffa\nb\ufeff\n\ufeff\r\n\ufeff12345\r\n\ufeff123456", 5))
        .containsExactly("a", "b\ufeff", "", "12345", "…");
    assertThat(lines("\ufeff", 0)).containsExactly("");
  }
}
