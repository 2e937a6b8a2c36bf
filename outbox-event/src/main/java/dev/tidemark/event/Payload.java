package dev.tidemark.event;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// Information in a record's value about the aggregate: the members `id`, `version` and `deleted`
/// of a JSON object in UTF-8. Immutable.
///
/// @param isObject whether it is one JSON object and nothing else, without one of the three twice
/// @param id a text, or a number as it is written
/// @param version a whole number
record Payload(boolean isObject, Optional<String> id, OptionalLong version, boolean deleted) {

  /// Aggregate type whose payloads are Tidemark's own.
  private static final String PRODUCT = "product";

  private static final String DELETED = ".deleted";

  private static final JsonFactory JSON = new JsonFactory();
  private static final Payload NONE =
      new Payload(false, Optional.empty(), OptionalLong.empty(), false);

  static Payload of(byte @Nullable [] value) {
    if (value == null || !mayBeUtf8Object(value)) {
      return NONE;
    }
    try (JsonParser parser = JSON.createParser(value)) {
      return of(parser);
    } catch (IOException notJson) {
      return NONE;
    }
  }

  /// Returns whether the value may be an object in UTF-8. Jackson also reads UTF-16 and UTF-32, but
  /// readers who are promised JSON do not.
  private static boolean mayBeUtf8Object(byte[] value) {
    return value.length >= 2
        && value[0] > 0
        && value[1] > 0
        && (value[0] == '{' || value[0] <= ' ');
  }

  private static Payload of(JsonParser parser) throws IOException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      return NONE;
    }
    Optional<String> id = Optional.empty();
    OptionalLong version = OptionalLong.empty();
    boolean deleted = false;
    int known = 0;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      JsonToken value = parser.nextToken();
      int seen = known;
      switch (name) {
        case "id" -> {
          known |= 1;
          seen &= 1;
          id =
              value == JsonToken.VALUE_STRING || value.isNumeric()
                  ? Optional.of(parser.getText())
                  : Optional.empty();
        }
        case "version" -> {
          known |= 2;
          seen &= 2;
          version =
              value == JsonToken.VALUE_NUMBER_INT
                  ? OptionalLong.of(parser.getLongValue())
                  : OptionalLong.empty();
        }
        case "deleted" -> {
          known |= 4;
          seen &= 4;
          deleted = value == JsonToken.VALUE_TRUE;
        }
        default -> seen = 0;
      }
      if (seen != 0) {
        return NONE;
      }
      parser.skipChildren();
    }
    return parser.currentToken() == JsonToken.END_OBJECT && parser.nextToken() == null
        ? new Payload(true, id, version, deleted)
        : NONE;
  }

  /// Returns the reason why this is not the payload of such an event; empty where it may be.
  ///
  /// A product's must say which product and version it is, and whether it is deleted. Another
  /// aggregate's is its owner's business, but where it has both an `id` and a whole `version`,
  /// these must be the event's.
  Optional<String> fault(String aggregateType, String aggregateId, String type, long eventVersion) {
    if (aggregateType.equals(PRODUCT)) {
      if (!isObject) {
        return Optional.of("the value is not a JSON object");
      }
      if (id.isEmpty() || version.isEmpty()) {
        return Optional.of("the value lacks the member id, or a whole number as version");
      }
      if (deleted != type.endsWith(DELETED)) {
        return Optional.of(
            "the value says that the product is %s, header %s says %s"
                .formatted(deleted ? "deleted" : "there", EventHeaders.TYPE, type));
      }
    }
    if (id.isEmpty() || version.isEmpty()) {
      return Optional.empty();
    }
    if (!id.get().equals(aggregateId)) {
      return Optional.of("the value's id is '%s', not the record's key".formatted(id.get()));
    }
    return version.getAsLong() == eventVersion
        ? Optional.empty()
        : Optional.of(
            "the value's version is %d, header %s says %d"
                .formatted(version.getAsLong(), EventHeaders.AGGREGATE_VERSION, eventVersion));
  }
}
