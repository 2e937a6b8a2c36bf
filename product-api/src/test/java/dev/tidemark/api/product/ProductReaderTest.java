package dev.tidemark.api.product;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.api.problem.Violation;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ProductReaderTest {

  private static final String START = "{'name':'A','price':1,'currency':'EUR',";

  private static Parsed read(String json) {
    return ProductReader.withOptionalId()
        .read(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8), "given");
  }

  private static Product valid(String json) {
    if (read(json) instanceof Parsed.Valid(Product product)) {
      return product;
    }
    throw new AssertionError(json + " gives " + read(json));
  }

  private static List<Violation> violations(String json) {
    if (read(json) instanceof Parsed.Invalid(List<Violation> violations)) {
      return violations;
    }
    throw new AssertionError(json + " gives " + read(json));
  }

  @Test
  void whatIsNotGivenHasADefault() {
    assertThat(valid("{'name':'A','price':1,'currency':'EUR'}"))
        .isEqualTo(new Product("given", "A", "", new BigDecimal("1.00"), "EUR", "{}"));
  }

  @Test
  void attributesAreKeptAsTheyWereWritten() {
    String attributes = "{ 'a' : [1, 2.50, {'b':null}], 'c':'}' }";
    assertThat(valid(START + "'attributes':" + attributes + ",'description':'d'}").attributes())
        .isEqualTo(attributes.replace('\'', '"'));
  }

  @Test
  void attributesAreKeptInALongTextToo() {
    String attributes = "{'long':'" + "ä😀".repeat(100_000) + "','end':true}";
    assertThat(
            valid(
                    START
                        + "'description':'"
                        + "ü".repeat(20_000)
                        + "','attributes':"
                        + attributes
                        + "}")
                .attributes())
        .isEqualTo(attributes.replace('\'', '"'));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0.00",
    "-0, 0.00",
    "12.5, 12.50",
    "12.500, 12.50",
    "1e2, 100.00",
    "999999999999.99, 999999999999.99",
    "1E-2, 0.01"
  })
  void aPriceHasTwoDecimals(String written, BigDecimal price) {
    assertThat(valid("{'name':'A','currency':'EUR','price':" + written + "}").price())
        .isEqualTo(price);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-0.01",
        "0.001",
        "1000000000000",
        "1e999999999",
        "1e-999999999",
        "null",
        "'1'",
        "[1]",
        "true"
      })
  void whatIsNoPriceIsRefused(String written) {
    assertThat(violations("{'name':'A','currency':'EUR','price':" + written + "}"))
        .extracting(Violation::field)
        .containsExactly("price");
  }

  @Test
  void everyFieldThatBreaksARuleIsToldOnce() {
    assertThat(
            violations(
                "{'id':'..','name':7,'description':null,'price':'x','currency':'EURO','attributes':1,'x':{'y':[]}}"))
        .extracting(Violation::field)
        .containsExactly("id", "name", "description", "price", "currency", "attributes", "x");
  }

  @Test
  void lengthsAreCountedInCharactersNotInUtf16() {
    assertThat(
            valid(START.replace("'A'", "'" + "😀".repeat(300) + "'") + "'description':''}").name())
        .hasSize(600);
    assertThat(violations(START.replace("'A'", "'" + "😀".repeat(301) + "'") + "'description':''}"))
        .containsExactly(new Violation("name", "must have 1 to 300 characters, not 301"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'a':'\\u0000'}",
        "{'\\u0000':1}",
        "{'a':'\\ud800'}",
        "{'a':['\\udc00\\ud800']}",
        "{'a':1e101}",
        "{'a':1e-101}",
        "{'a':{'b':[123e2147483647]}}"
      })
  void attributesThatTheDatabaseCannotHoldAreRefused(String attributes) {
    assertThat(violations(START + "'attributes':" + attributes + "}"))
        .extracting(Violation::field)
        .containsExactly("attributes");
  }

  @Test
  void nestingHasAnEnd() {
    assertThat(read(START + "'attributes':" + "{'a':".repeat(1000) + "1" + "}".repeat(1000) + "}"))
        .isInstanceOf(Parsed.Malformed.class);
    assertThat(read(START + "'x':" + "[".repeat(100_000))).isInstanceOf(Parsed.Malformed.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "null",
        "[]",
        "{",
        "{'name':'A',}",
        "{'name':'A'}{}",
        "{'name':'A'} x",
        "{'name':'A','name':'A'}",
        "{'attributes':{'a':1,'a':2}}",
        "{'attributes':{'a':1",
        "{name:'A'}",
        "{'name':'\t'}",
        "\uFEFF{'name':'A'}"
      })
  void whatIsNoJsonObjectIsMalformed(String text) {
    assertThat(read(text)).isInstanceOf(Parsed.Malformed.class);
  }

  @Test
  void bytesThatAreNoUtf8AreMalformed() {
    for (byte[] bytes :
        new byte[][] {
          {'{', '"', (byte) 0xC3, '"', '}'},
          {'"', (byte) 0xC0, (byte) 0x80, '"'},
          {(byte) 0xED, (byte) 0xA0, (byte) 0x80}
        }) {
      assertThat(ProductReader.withOptionalId().read(bytes, "x"))
          .isInstanceOf(Parsed.Malformed.class);
    }
  }

  @Test
  void fieldsOfTheServerMayComeBackAndAreNotUsed() {
    assertThat(valid(START + "'version':7,'updatedAt':'2026-01-01T00:00:00Z'}").name())
        .isEqualTo("A");
    assertThat(violations(START + "'version':'7','updatedAt':1}"))
        .extracting(Violation::field)
        .containsExactly("version", "updatedAt");
  }

  @Test
  void aLineOfAnImportNamesItsProduct() {
    assertThat(
            ProductReader.withId()
                .read(
                    "{\"name\":\"A\",\"price\":1,\"currency\":\"EUR\"}"
                        .getBytes(StandardCharsets.UTF_8),
                    ""))
        .isEqualTo(new Parsed.Invalid(List.of(new Violation("id", "is required"))));
  }

  @Test
  void theListOfViolationsHasAnEnd() {
    StringBuilder json = new StringBuilder(START);
    for (int i = 0; i < 1000; i++) {
      json.append("'x").append(i).append("':1,");
    }
    assertThat(violations(json + "'y':1}")).hasSize(20);
  }
}
