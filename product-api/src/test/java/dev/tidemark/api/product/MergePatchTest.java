package dev.tidemark.api.product;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class MergePatchTest {

  /// Examples of RFC 7396, appendix A, in which both are objects.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"a":"b"}           | {"a":"c"}               | {"a":"c"}
          {"a":"b"}           | {"b":"c"}               | {"a":"b","b":"c"}
          {"a":"b"}           | {"a":null}              | {}
          {"a":"b","b":"c"}   | {"a":null}              | {"b":"c"}
          {"a":["b"]}         | {"a":"c"}               | {"a":"c"}
          {"a":"c"}           | {"a":["b"]}             | {"a":["b"]}
          {"a":{"b":"c"}}     | {"a":{"b":"d","c":null}} | {"a":{"b":"d"}}
          {"a":[{"b":"c"}]}   | {"a":[1]}               | {"a":[1]}
          {"e":null}          | {"a":1}                 | {"e":null,"a":1}
          {}                  | {"a":{"bb":{"ccc":null}}} | {"a":{"bb":{}}}
          """)
  void whatTheRfcSays(String target, String patch, String result) throws MalformedJsonException {
    assertThat(patch(patch).applyTo(target.getBytes(StandardCharsets.UTF_8))).isEqualTo(result);
  }

  @Test
  void numbersKeepTheirDigits() throws MalformedJsonException {
    assertThat(
            patch("{\"n\":12345678901234567890.50}")
                .applyTo("{\"m\":2.50}".getBytes(StandardCharsets.UTF_8)))
        .isEqualTo("{\"m\":2.50,\"n\":12345678901234567890.50}");
  }

  @Test
  void nestingIsBounded() {
    String deep = "{\"a\":".repeat(70) + "1" + "}".repeat(70);
    assertThatThrownBy(() -> patch(deep)).isInstanceOf(MalformedJsonException.class);
  }

  private static MergePatch patch(String json) throws MalformedJsonException {
    return MergePatch.read(json.getBytes(StandardCharsets.UTF_8));
  }
}
