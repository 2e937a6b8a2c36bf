package dev.tidemark.api.product;

import java.math.BigDecimal;
import java.util.regex.Pattern;

/// A product as a writer gives it, checked by [ProductReader].
///
/// @param attributes the text of a JSON object
public record Product(
    String id,
    String name,
    String description,
    BigDecimal price,
    String currency,
    String attributes) {

  private static final Pattern ID = Pattern.compile("(?!\\.+$)[A-Za-z0-9._~-]{1,100}");

  /// Returns the id in the path of a product: the part after the last slash. It may be invalid.
  public static String idOf(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  public static boolean isId(String text) {
    return ID.matcher(text).matches();
  }
}
