package dev.tidemark.devstack.demo;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SampleCatalogueTest {
  private static final Set<String> FIELDS =
      Set.of("id", "name", "description", "price", "currency", "attributes");

  @Test
  void everyLineIsAProductOfItsOwn() throws IOException {
    List<DemoProduct> products = SampleCatalogue.products();
    assertThat(products).hasSizeGreaterThanOrEqualTo(300);
    assertThat(products).extracting(DemoProduct::id).doesNotHaveDuplicates();
    for (DemoProduct product : products) {
      JsonNode json = new ObjectMapper().readTree(product.catalogueLine());
      assertThat(json.properties()).extracting(field -> field.getKey()).hasSameElementsAs(FIELDS);
      assertThat(product.id()).matches("[A-Za-z0-9._~-]{1,100}");
      assertThat(json.get("name").asText()).hasSizeBetween(1, 300);
      assertThat(json.get("price").decimalValue()).isPositive();
      assertThat(json.get("price").decimalValue().scale()).isLessThanOrEqualTo(2);
      assertThat(json.get("attributes").isObject()).isTrue();
    }
  }
}
