package dev.tidemark.operator.audit;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// Findings of an audit so far. Confined to one thread.
final class AuditFindings {

  private static final int MOST_KEYS_NAMED = 20;

  private final Map<AuditVerdict, Long> counts = new EnumMap<>(AuditVerdict.class);
  private final List<WrongKey> named = new ArrayList<>();
  private long repaired;
  private long harmful;

  /// An entry that is not right.
  ///
  /// @param cached the version in the cache; -1 where none can be read
  /// @param committed the version in the database; 0 for a product that never existed
  record WrongKey(String key, AuditVerdict verdict, long cached, long committed) {

    String text() {
      return "  %-10s %s: cache %s, database %d"
          .formatted(verdict.label(), key, cached < 0 ? "?" : Long.toString(cached), committed);
    }

    Map<String, Object> json() {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("key", key);
      json.put("verdict", verdict.label());
      json.put("cached", cached);
      json.put("committed", committed);
      return json;
    }
  }

  void right(AuditVerdict verdict) {
    counts.merge(verdict, 1L, Long::sum);
  }

  void wrong(WrongKey key) {
    counts.merge(key.verdict(), 1L, Long::sum);
    harmful += key.verdict().isHarmful() ? 1 : 0;
    if (named.size() < MOST_KEYS_NAMED) {
      named.add(key);
    }
  }

  void repaired(WrongKey key) {
    repaired++;
    harmful -= key.verdict().isHarmful() ? 1 : 0;
  }

  /// Returns whether a reader may still be served a wrong value.
  boolean isHarmful() {
    return harmful > 0;
  }

  long keys() {
    return counts.values().stream().mapToLong(count -> count).sum();
  }

  private long wrong() {
    return counts.entrySet().stream()
        .filter(count -> !count.getKey().isRight())
        .mapToLong(Map.Entry::getValue)
        .sum();
  }

  /// Returns the findings for humans, with the wrong keys first.
  ///
  /// @param dryRun whether what is wrong would have been evicted
  String text(boolean dryRun) {
    String counted =
        counts.entrySet().stream()
            .map(count -> "%,d %s".formatted(count.getValue(), count.getKey().label()))
            .collect(Collectors.joining(", "));
    StringBuilder text = new StringBuilder();
    named.forEach(key -> text.append(key.text()).append(System.lineSeparator()));
    if (wrong() > named.size()) {
      text.append("  and %,d more%n".formatted(wrong() - named.size()));
    }
    text.append("%,d keys compared%s".formatted(keys(), counted.isEmpty() ? "" : ": " + counted));
    if (dryRun) {
      text.append("; %,d would be evicted".formatted(wrong()));
    } else if (repaired > 0) {
      text.append("; %,d evicted".formatted(repaired));
    }
    return text.toString();
  }

  Map<String, Object> json(boolean dryRun) {
    Map<String, Object> json = new TreeMap<>();
    json.put("keys", keys());
    for (AuditVerdict verdict : AuditVerdict.values()) {
      json.put(verdict.label(), counts.getOrDefault(verdict, 0L));
    }
    json.put(LastAudit.REPAIRED, repaired);
    if (dryRun) {
      json.put("wouldEvict", wrong());
    }
    json.put("wrongKeys", named.stream().map(WrongKey::json).toList());
    return json;
  }
}
