package dev.tidemark.api.imports;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// Recognises texts that are no lines of JSON objects.
final class TextForm {

  /// First bytes of the usual archive and compression formats.
  private static final Map<String, String> PACKED = new LinkedHashMap<>();

  static {
    PACKED.put("\u001f\u008b", "is gzip inside of what was unpacked, or without being declared");
    PACKED.put("PK\u0003\u0004", "begins a ZIP archive");
    PACKED.put("BZh", "is packed with bzip2");
    PACKED.put("\u00fd7zXZ", "is packed with xz");
    PACKED.put("(\u00b5/\u00fd", "is packed with zstd");
    PACKED.put("\u00ff\u00fe", "is UTF-16 text");
    PACKED.put("\u00fe\u00ff", "is UTF-16 text");
  }

  private TextForm() {}

  /// Returns what the first line that is not blank shows; empty for a JSON object, right or wrong.
  ///
  /// @param cut whether it is JSON as far as it goes, and ends too early
  static Optional<String> ofFirstLine(byte[] line, boolean cut) {
    String text = new String(line, StandardCharsets.ISO_8859_1);
    for (Map.Entry<String, String> packed : PACKED.entrySet()) {
      if (text.startsWith(packed.getKey())) {
        return Optional.of(packed.getValue());
      }
    }
    // Every character of JSON's own syntax has this in UTF-16 and UTF-32.
    if (text.length() >= 2 && text.substring(0, 2).indexOf('\0') >= 0) {
      return Optional.of("is UTF-16 text");
    }
    String content = text.strip();
    return switch (content.isEmpty() ? ' ' : content.charAt(0)) {
      case '{' ->
          cut ? Optional.of("begins a JSON object that does not end on it") : Optional.empty();
      case '[' -> Optional.of("begins a JSON array");
      case '<' -> Optional.of("looks like XML or HTML");
      default ->
          Optional.of(
              content.matches("[^\"{}]*[,;\t].*")
                  ? "looks like a table (CSV)"
                  : "begins no JSON object");
    };
  }
}
