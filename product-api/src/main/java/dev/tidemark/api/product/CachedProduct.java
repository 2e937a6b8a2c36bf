package dev.tidemark.api.product;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.tidemark.cache.store.CachedValue;
import java.util.Arrays;

/// Rule for what the cache may hold: the JSON of exactly this product at exactly this version, as
/// the database's `product_json` writes it. Anything else, for example an empty payload or a text,
/// is removed, and the database is read.
public final class CachedProduct {

  public static final String TYPE = "product";

  /// Key of no product: no id contains `#`.
  public static final String NO_PRODUCT = TYPE + ":#check";

  private CachedProduct() {}

  /// Returns whether the value is allowed. It checks only the first members and the end, so that a
  /// hit does not parse the whole.
  public static boolean isAllowed(String key, CachedValue.Present value) {
    byte[] json = value.payload();
    String id = key.substring(TYPE.length() + 1);
    // An id needs no escape.
    byte[] begin =
        ("{\"id\":\"" + id + "\",\"version\":" + value.version() + ",").getBytes(US_ASCII);
    return json.length > begin.length
        && json[json.length - 1] == '}'
        && Arrays.equals(json, 0, begin.length, begin, 0, begin.length);
  }
}
