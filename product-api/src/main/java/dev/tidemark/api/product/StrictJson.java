package dev.tidemark.api.product;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Strict reader of JSON from outside: no field twice, no deep nesting, no number that is too long,
/// no byte that is not UTF-8.
final class StrictJson {

  /// Largest number of digits of a number when written out, so that a short `1e99999` does not
  /// become a long text in the database.
  static final int NUMBER_DIGITS = 100;

  private static final int DEEPEST_NESTING = 64;

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(DEEPEST_NESTING)
                  .maxNumberLength(NUMBER_DIGITS + 10)
                  .build())
          .build();

  private StrictJson() {}

  /// Reads a result from the tokens of a text.
  interface Reading<T> {
    T read(JsonParser parser) throws IOException, MalformedJsonException;
  }

  static String text(byte[] utf8) throws MalformedJsonException {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
    } catch (CharacterCodingException e) {
      throw new MalformedJsonException("The text is not valid UTF-8.");
    }
  }

  static <T> T read(String text, Reading<T> reading) throws MalformedJsonException {
    try (JsonParser parser = JSON.createParser(text)) {
      return reading.read(parser);
    } catch (StreamConstraintsException e) {
      throw new MalformedJsonException(
          "Nesting must not be deeper than %d, and no number longer than %d digits."
              .formatted(DEEPEST_NESTING, NUMBER_DIGITS));
    } catch (JsonEOFException e) {
      throw MalformedJsonException.cut();
    } catch (JsonProcessingException e) {
      // After a comma Jackson does not distinguish the end of the text from a wrong character.
      if (e.getLocation() != null && e.getLocation().getCharOffset() >= text.length()) {
        throw MalformedJsonException.cut();
      }
      boolean twice = e.getOriginalMessage().startsWith("Duplicate");
      throw new MalformedJsonException(
          "%s at %s."
              .formatted(
                  twice ? "A field is there twice," : "The text is no JSON",
                  place(e.getLocation())));
    } catch (IOException e) {
      throw new IllegalStateException("reading from memory failed", e);
    }
  }

  private static String place(@Nullable JsonLocation location) {
    if (location == null || location.getLineNr() <= 1) {
      return "column " + (location == null ? 1 : location.getColumnNr());
    }
    return "line %d, column %d".formatted(location.getLineNr(), location.getColumnNr());
  }

  /// Serves as a [Reading] that only checks that the text is one JSON object.
  static boolean object(JsonParser parser) throws IOException, MalformedJsonException {
    begin(parser);
    parser.skipChildren();
    end(parser);
    return true;
  }

  static void begin(JsonParser parser) throws IOException, MalformedJsonException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw new MalformedJsonException("The text is no JSON object.");
    }
  }

  static void end(JsonParser parser) throws IOException, MalformedJsonException {
    if (parser.nextToken() != null) {
      throw new MalformedJsonException("Something follows the JSON object.");
    }
  }
}
