package dev.tidemark.api.imports;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.tidemark.api.problem.Violation;
import dev.tidemark.api.store.Counts;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/// Results of the lines of an import. Confined to one thread.
final class ImportReport {

  private record Failure(long line, Violation violation) {}

  /// Largest number of failing lines that are reported one by one. All are counted.
  private static final int MOST_FAILURES = 100;

  private static final JsonFactory JSON = new JsonFactory();

  private final List<Failure> failures = new ArrayList<>();
  private Counts counts = Counts.NONE;
  private long failed;
  private long committedLines;
  private OptionalLong deleted = OptionalLong.empty();

  void written(Counts batch) {
    counts = counts.plus(batch);
  }

  /// Notes that all lines up to this one are done: the good ones are committed, and the others are
  /// counted.
  void settled(long line) {
    committedLines = line;
  }

  void failed(long line, Violation violation) {
    failed++;
    if (failures.size() < MOST_FAILURES) {
      failures.add(new Failure(line, violation));
    }
  }

  /// Counts products that were deleted because they were not in the file.
  void deleted(long products) {
    deleted = OptionalLong.of(deleted.orElse(0) + products);
  }

  /// Returns whether every line was accepted, and there was a product. Otherwise nobody can say
  /// what is not in the file.
  boolean isWhole() {
    return failed == 0 && !counts.equals(Counts.NONE);
  }

  /// Returns a sentence about the effects of an import that came to an early end.
  String sentence() {
    if (committedLines == 0 && deleted.orElse(0) == 0) {
      return "Nothing was written.";
    }
    String written =
        "Lines 1 to %d are dealt with: %d products created, %d updated, %d unchanged, %d lines failed."
            .formatted(
                committedLines, counts.created(), counts.updated(), counts.unchanged(), failed);
    return deleted.isPresent()
        ? "%s %d products were deleted.".formatted(written, deleted.getAsLong())
        : written + " Nothing was deleted.";
  }

  /// Returns the counts, for an import that came to an early end.
  Map<String, Long> members() {
    Map<String, Long> members = new LinkedHashMap<>();
    members.put("committedLines", committedLines);
    members.put("created", counts.created());
    members.put("updated", counts.updated());
    members.put("unchanged", counts.unchanged());
    members.put("failed", failed);
    deleted.ifPresent(products -> members.put("deleted", products));
    return members;
  }

  /// Returns the progress of an import that goes on.
  byte[] progressJson() {
    return json(
        json -> {
          json.writeNumberField("committedLines", committedLines);
          counts(json);
        });
  }

  byte[] json() {
    return json(
        json -> {
          counts(json);
          if (deleted.isPresent()) {
            json.writeNumberField("deleted", deleted.getAsLong());
          }
          json.writeArrayFieldStart("errors");
          for (Failure failure : failures) {
            json.writeStartObject();
            json.writeNumberField("line", failure.line());
            json.writeStringField("field", failure.violation().field());
            json.writeStringField("rule", failure.violation().rule());
            json.writeEndObject();
          }
          json.writeEndArray();
        });
  }

  private void counts(JsonGenerator json) throws IOException {
    json.writeNumberField("created", counts.created());
    json.writeNumberField("updated", counts.updated());
    json.writeNumberField("unchanged", counts.unchanged());
    json.writeNumberField("failed", failed);
  }

  private interface Members {
    void write(JsonGenerator json) throws IOException;
  }

  private static byte[] json(Members members) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(bytes)) {
      json.writeStartObject();
      members.write(json);
      json.writeEndObject();
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory failed", e);
    }
    return bytes.toByteArray();
  }
}
