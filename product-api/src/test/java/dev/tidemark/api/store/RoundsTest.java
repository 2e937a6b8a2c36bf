package dev.tidemark.api.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.api.product.Product;
import java.math.BigDecimal;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class RoundsTest {

  @Test
  void noRoundHasAnIdTwiceAndEachIdKeepsItsOrder() {
    List<Product> products =
        Stream.of("a1", "b1", "a2", "c1", "a3", "b2").map(RoundsTest::product).toList();
    assertThat(Rounds.of(products))
        .extracting(round -> round.stream().map(Product::name).toList())
        .containsExactly(List.of("a1", "b1", "c1"), List.of("a2", "b2"), List.of("a3"));
    assertThat(Rounds.of(List.of())).isEmpty();
  }

  private static Product product(String name) {
    return new Product(name.substring(0, 1), name, "", BigDecimal.ONE, "EUR", "{}");
  }
}
