package dev.tidemark.api.product;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.tidemark.api.problem.Violation;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Currency;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Reads the JSON of a product strictly: every field is known, in its form, and occurs once.
/// Immutable.
///
/// `version` and `updatedAt` are allowed, so that what was read can be written back, but they are
/// the server's: their values are not used (`If-Match` is the way to name a version).
public final class ProductReader {

  private static final int LONGEST_NAME = 300;
  private static final int LONGEST_DESCRIPTION = 20_000;

  /// Largest value of `numeric(14,2)`.
  private static final BigDecimal LARGEST_PRICE = new BigDecimal("999999999999.99");

  private static final int PRICE_DECIMALS = 2;

  private static final int MOST_VIOLATIONS = 20;

  private static final Set<String> CURRENCIES =
      Currency.getAvailableCurrencies().stream()
          .map(Currency::getCurrencyCode)
          .collect(Collectors.toUnmodifiableSet());

  private final boolean idRequired;

  private ProductReader(boolean idRequired) {
    this.idRequired = idRequired;
  }

  /// Returns a reader for lines of an import, which must name their product.
  public static ProductReader withId() {
    return new ProductReader(true);
  }

  /// Returns a reader for bodies whose product is named by the request, or gets a new id.
  public static ProductReader withOptionalId() {
    return new ProductReader(false);
  }

  /// Reads a product.
  ///
  /// @param givenId the product's id when the text has none
  public Parsed read(byte[] utf8, String givenId) {
    try {
      return read(StrictJson.text(utf8), givenId);
    } catch (MalformedJsonException e) {
      return new Parsed.Malformed(String.valueOf(e.getMessage()), e.isCut());
    }
  }

  public Parsed read(String text, String givenId) {
    try {
      return StrictJson.read(text, parser -> new Reading(text, parser).read(givenId, idRequired));
    } catch (MalformedJsonException e) {
      return new Parsed.Malformed(String.valueOf(e.getMessage()), e.isCut());
    }
  }

  /// One text that is read. Confined to one thread.
  private static final class Reading {
    private final String text;
    private final JsonParser parser;
    private final List<Violation> violations = new ArrayList<>();
    private final Map<String, String> texts = new HashMap<>();
    private final Set<String> broken = new java.util.HashSet<>();
    private @Nullable BigDecimal price;

    Reading(String text, JsonParser parser) {
      this.text = text;
      this.parser = parser;
    }

    Parsed read(String givenId, boolean idRequired) throws IOException, MalformedJsonException {
      StrictJson.begin(parser);
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String field = parser.currentName();
        parser.nextToken();
        field(field);
      }
      StrictJson.end(parser);
      require("name");
      require("price");
      require("currency");
      if (idRequired) {
        require("id");
      }
      BigDecimal readPrice = price;
      if (!violations.isEmpty() || readPrice == null) {
        return new Parsed.Invalid(violations);
      }
      return new Parsed.Valid(
          new Product(
              texts.getOrDefault("id", givenId),
              texts.getOrDefault("name", ""),
              texts.getOrDefault("description", ""),
              readPrice,
              texts.getOrDefault("currency", ""),
              texts.getOrDefault("attributes", "{}")));
    }

    private void field(String field) throws IOException {
      switch (field) {
        case "id" -> id();
        case "name" -> text(field, 1, LONGEST_NAME);
        case "description" -> text(field, 0, LONGEST_DESCRIPTION);
        case "price" -> price();
        case "currency" -> currency();
        case "attributes" -> attributes();
        case "version" ->
            expect(
                field,
                parser.currentToken() == JsonToken.VALUE_NUMBER_INT,
                "must be an integer (it is set by the server)");
        case "updatedAt" ->
            expect(
                field,
                parser.currentToken() == JsonToken.VALUE_STRING,
                "must be a string (it is set by the server)");
        default -> {
          violate(shortened(field), "is not a field of a product");
          parser.skipChildren();
        }
      }
    }

    private void id() throws IOException {
      if (string("id").filter(Product::isId).isEmpty()) {
        violateOnce("id", "must be 1 to 100 of A-Z a-z 0-9 . _ ~ - and not only dots");
      }
    }

    private void text(String field, int least, int most) throws IOException {
      Optional<String> value = string(field);
      if (value.isPresent()) {
        int length = value.get().codePointCount(0, value.get().length());
        if (length < least || length > most) {
          violate(field, "must have %d to %d characters, not %d".formatted(least, most, length));
        }
      }
    }

    private void currency() throws IOException {
      if (string("currency").filter(CURRENCIES::contains).isEmpty()) {
        violateOnce("currency", "must be a code of ISO 4217, like EUR");
      }
    }

    /// Reads a string that PostgreSQL can hold. Notes it, or the fault.
    private Optional<String> string(String field) throws IOException {
      if (parser.currentToken() != JsonToken.VALUE_STRING) {
        violate(field, "must be a string");
        parser.skipChildren();
        return Optional.empty();
      }
      String value = parser.getText();
      if (!isStorable(value)) {
        violate(field, "must not contain NUL or half of a surrogate pair");
        return Optional.empty();
      }
      texts.put(field, value);
      return Optional.of(value);
    }

    private void price() throws IOException {
      if (!parser.currentToken().isNumeric()) {
        violate("price", "must be a number");
        parser.skipChildren();
        return;
      }
      Optional<BigDecimal> value = number(parser.getText());
      if (value.isEmpty() || !isPrice(value.get())) {
        violate("price", "must be from 0 to 999999999999.99, with 2 decimals at most");
      } else {
        price = value.get().stripTrailingZeros().setScale(PRICE_DECIMALS);
      }
    }

    /// Keeps the text of the object as it is. The database brings it into its own form.
    private void attributes() throws IOException {
      if (parser.currentToken() != JsonToken.START_OBJECT) {
        violate("attributes", "must be an object");
        parser.skipChildren();
        return;
      }
      int start = (int) parser.currentTokenLocation().getCharOffset();
      for (int depth = 1; depth > 0; ) {
        JsonToken token = parser.nextToken();
        switch (token) {
          case START_OBJECT, START_ARRAY -> depth++;
          case END_OBJECT, END_ARRAY -> depth--;
          case FIELD_NAME, VALUE_STRING -> {
            if (!isStorable(parser.getText())) {
              violateOnce("attributes", "must not contain NUL or half of a surrogate pair");
            }
          }
          case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> {
            if (number(parser.getText()).isEmpty()) {
              violateOnce(
                  "attributes",
                  "must not contain a number of more than %d digits"
                      .formatted(StrictJson.NUMBER_DIGITS));
            }
          }
          case VALUE_TRUE, VALUE_FALSE, VALUE_NULL, VALUE_EMBEDDED_OBJECT, NOT_AVAILABLE -> {}
        }
      }
      int end = (int) parser.currentTokenLocation().getCharOffset() + 1;
      texts.put("attributes", text.substring(start, end));
    }

    private void expect(String field, boolean isSo, String rule) throws IOException {
      if (!isSo) {
        violate(field, rule);
        parser.skipChildren();
      }
    }

    private void require(String field) {
      boolean there = field.equals("price") ? price != null : texts.containsKey(field);
      if (!there) {
        violateOnce(field, "is required");
      }
    }

    private void violateOnce(String field, String rule) {
      if (!broken.contains(field)) {
        violate(field, rule);
      }
    }

    private void violate(String field, String rule) {
      broken.add(field);
      if (violations.size() < MOST_VIOLATIONS) {
        violations.add(new Violation(field, rule));
      }
    }
  }

  /// Returns the number; empty when it is too long when written out.
  private static Optional<BigDecimal> number(String text) {
    try {
      BigDecimal number = new BigDecimal(text);
      long integerDigits = Math.max(1, (long) number.precision() - number.scale());
      long digits = integerDigits + Math.max(0, number.scale());
      return digits <= StrictJson.NUMBER_DIGITS ? Optional.of(number) : Optional.empty();
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  private static boolean isPrice(BigDecimal value) {
    return value.signum() >= 0
        && value.compareTo(LARGEST_PRICE) <= 0
        && value.stripTrailingZeros().scale() <= PRICE_DECIMALS;
  }

  private static boolean isStorable(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == 0) {
        return false;
      }
      if (Character.isSurrogate(c)) {
        boolean pair =
            Character.isHighSurrogate(c)
                && i + 1 < text.length()
                && Character.isLowSurrogate(text.charAt(i + 1));
        if (!pair) {
          return false;
        }
        i++;
      }
    }
    return true;
  }

  private static String shortened(String field) {
    return field.length() <= 100 ? field : field.substring(0, 100) + "…";
  }
}
