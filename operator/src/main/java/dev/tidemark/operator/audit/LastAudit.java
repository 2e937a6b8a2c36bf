package dev.tidemark.operator.audit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tidemark.operator.run.CommandRun.Result;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Result of the last whole run of `audit`, which it leaves in Redis for others. Immutable.
///
/// @param json all of it, as the run printed it
/// @param at when, ISO 8601
/// @param scope which entries were compared, in words
/// @param counts number of entries by verdict, as far as they were counted
/// @param repaired number of evicted entries
public record LastAudit(
    JsonNode json,
    Optional<String> at,
    Optional<String> scope,
    Map<AuditVerdict, Long> counts,
    long repaired) {

  /// Name of the note.
  public static final String NOTE = "tidemark:last-audit";

  static final String AT = "at";
  static final String SCOPE = "scope";
  static final String REPAIRED = "repaired";
  private static final ObjectMapper mapper = new ObjectMapper();

  public LastAudit {
    counts = Collections.unmodifiableMap(new TreeMap<>(counts));
  }

  static String write(Result result) {
    try {
      return mapper.writeValueAsString(result.json());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("the result could not be written as JSON", e);
    }
  }

  /// Reads a note; empty when something else wrote it.
  public static Optional<LastAudit> read(String note) {
    JsonNode json;
    try {
      json = mapper.readTree(note);
    } catch (JsonProcessingException writtenBySomebodyElse) {
      return Optional.empty();
    }
    if (!json.isObject()) {
      return Optional.empty();
    }
    Map<AuditVerdict, Long> counts = new EnumMap<>(AuditVerdict.class);
    for (AuditVerdict verdict : AuditVerdict.values()) {
      json.optional(verdict.label()).ifPresent(count -> counts.put(verdict, count.asLong()));
    }
    return Optional.of(
        new LastAudit(
            json,
            json.optional(AT).map(JsonNode::asText),
            json.optional(SCOPE).map(JsonNode::asText),
            counts,
            json.path(REPAIRED).asLong()));
  }
}
