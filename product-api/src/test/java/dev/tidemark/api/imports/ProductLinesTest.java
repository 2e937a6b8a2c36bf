package dev.tidemark.api.imports;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.api.problem.ProblemException;
import dev.tidemark.api.problem.Violation;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ProductLinesTest {

  private static final String GOOD =
      "{\"id\":\"a\",\"name\":\"A\",\"price\":1,\"currency\":\"EUR\"}";

  private static final int LIMIT = 1000;

  private static List<ImportBatch.Line> read(byte[] bytes) throws IOException {
    ProductLines lines = new ProductLines(new ByteArrayInputStream(bytes), LIMIT);
    List<ImportBatch.Line> all = new ArrayList<>();
    for (Optional<ImportBatch.Line> line = lines.next(); line.isPresent(); line = lines.next()) {
      all.add(line.get());
    }
    return all;
  }

  private static List<ImportBatch.Line> read(String text) throws IOException {
    return read(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String rule(ImportBatch.Line line) {
    return line instanceof ImportBatch.Bad(long _, int _, Violation violation)
        ? violation.rule()
        : "";
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          [                      | begins a JSON array
          [{"id":1},             | begins a JSON array
          {                      | begins a JSON object that does not end on it
          {"id": "a",            | begins a JSON object that does not end on it
          id,name,price          | looks like a table (CSV)
          id;name;price          | looks like a table (CSV)
          id                     | begins no JSON object
          "a"                    | begins no JSON object
          null                   | begins no JSON object
          <products>             | looks like XML or HTML
          BZh91AY                | is packed with bzip2
          """)
  void whatTheFirstLineShowsIsSaidInOneSentence(String line, String form) {
    assertThatThrownBy(() -> read("\n \n" + line + "\n" + GOOD))
        .isInstanceOf(ProblemException.class)
        .hasMessage("Line 3 " + form + "; one JSON object a line is wanted, in UTF-8.");
  }

  @Test
  void anArrayOfAnyLengthIsSeen() {
    assertThatThrownBy(() -> read("[" + (GOOD + ",").repeat(100)))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("begins a JSON array");
  }

  @ParameterizedTest
  @ValueSource(strings = {"UTF-16", "UTF-16LE", "UTF-16BE", "UTF-32", "UTF-32LE"})
  void textInAnotherEncodingIsSeen(String encoding) {
    assertThatThrownBy(() -> read((GOOD + "\n").getBytes(Charset.forName(encoding))))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("is UTF-16");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\n", " \n\t\r\n", "\ufeff", "\ufeff\n"})
  void aFileWithoutProductsIsRefused(String text) {
    assertThatThrownBy(() -> read(text))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("holds no products");
  }

  @Test
  void laterLinesFailOneByOneInWordsOfOurOwn() throws IOException {
    List<ImportBatch.Line> lines =
        read(
            String.join(
                "\n",
                "\ufeff" + GOOD,
                "{nonsense",
                "[1]",
                "{\"id\":\"b\",",
                GOOD + " " + GOOD,
                "{\"id\":\"b\",\"id\":\"c\"}",
                "{}",
                " ".repeat(LIMIT) + "{}"));
    assertThat(lines.getFirst()).isInstanceOf(ImportBatch.Good.class);
    assertThat(lines.stream().skip(1).map(ProductLinesTest::rule))
        .containsExactly(
            "must be one JSON object: the text is no JSON at column 2",
            "must be one JSON object: the text is no JSON object",
            "must be one JSON object: the text ends in the middle of the JSON",
            "must be one JSON object: something follows the JSON object",
            "must be one JSON object: a field is there twice, at column 15",
            "is required",
            "must not be longer than 1000 bytes");
  }
}
