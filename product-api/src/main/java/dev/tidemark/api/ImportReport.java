package dev.tidemark.api;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// What became of the lines of an import. Confined to one thread.
final class ImportReport {

  private record Failure(long line, Violation violation) {}

  /// So many failing lines are told one by one; all are counted.
  private static final int MOST_FAILURES = 100;

  private static final JsonFactory JSON = new JsonFactory();

  private final List<Failure> failures = new ArrayList<>();
  private Counts counts = Counts.NONE;
  private long failed;
  private long committedLines;

  /// A batch was committed, with all lines up to this one.
  void committed(Counts batch, long lastLine) {
    counts = counts.plus(batch);
    committedLines = lastLine;
  }

  void failed(long line, Violation violation) {
    failed++;
    if (failures.size() < MOST_FAILURES) {
      failures.add(new Failure(line, violation));
    }
  }

  /// The counts, for an import that came to an early end.
  Map<String, Long> members() {
    return Map.of(
        "created", counts.created(),
        "updated", counts.updated(),
        "unchanged", counts.unchanged(),
        "failed", failed,
        "committedLines", committedLines);
  }

  byte[] json() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(bytes)) {
      json.writeStartObject();
      json.writeNumberField("created", counts.created());
      json.writeNumberField("updated", counts.updated());
      json.writeNumberField("unchanged", counts.unchanged());
      json.writeNumberField("failed", failed);
      json.writeArrayFieldStart("errors");
      for (Failure failure : failures) {
        json.writeStartObject();
        json.writeNumberField("line", failure.line());
        json.writeStringField("field", failure.violation().field());
        json.writeStringField("rule", failure.violation().rule());
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory failed", e);
    }
    return bytes.toByteArray();
  }
}
