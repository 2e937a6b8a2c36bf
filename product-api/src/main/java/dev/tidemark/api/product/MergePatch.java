package dev.tidemark.api.product;

import jakarta.json.Json;
import jakarta.json.JsonMergePatch;
import jakarta.json.JsonReader;
import jakarta.json.JsonValue;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;

/// A JSON Merge Patch, RFC 7396: the fields to change, and null for those to remove. Immutable.
public final class MergePatch {

  public static final String MEDIA_TYPE = "application/merge-patch+json";

  private final JsonMergePatch patch;

  private MergePatch(JsonMergePatch patch) {
    this.patch = patch;
  }

  public static MergePatch read(byte[] utf8) throws MalformedJsonException {
    String text = StrictJson.text(utf8);
    StrictJson.read(text, StrictJson::object);
    return new MergePatch(Json.createMergePatch(value(text)));
  }

  /// Returns the JSON object with the patch applied, which is a JSON object too.
  public String applyTo(byte[] json) {
    return patch.apply(value(new String(json, StandardCharsets.UTF_8))).toString();
  }

  private static JsonValue value(String text) {
    try (JsonReader reader = Json.createReader(new StringReader(text))) {
      return reader.readValue();
    }
  }
}
