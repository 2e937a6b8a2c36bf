package dev.tidemark.cache.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class TokensTest {

  @Test
  void eachHas128BitsOfItsOwn() {
    Tokens tokens = new Tokens();
    List<String> some = Stream.generate(tokens::next).limit(1000).toList();
    assertThat(some)
        .doesNotHaveDuplicates()
        .allSatisfy(token -> assertThat(token).hasSize(22).matches(Tokens::isValid));
  }
}
