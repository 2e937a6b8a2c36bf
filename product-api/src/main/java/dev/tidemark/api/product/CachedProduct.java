package dev.tidemark.api.product;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.tidemark.cache.store.CachedValue;
import java.util.Arrays;

/// A rule for what the cache may hold: the JSON of just this product at just this version, as the
/// database's `product_json` writes it. Anything else, an empty payload or a text, is removed and
/// the database read.
public final class CachedProduct {

  public static final String TYPE = "product";

  /// A key of no product: `#` is in no id.
  public static final String NO_PRODUCT = TYPE + ":#check";

  private CachedProduct() {}

  /// By its first members and its end: the whole is not parsed at each hit.
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
