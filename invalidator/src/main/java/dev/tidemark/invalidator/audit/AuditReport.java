package dev.tidemark.invalidator.audit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;

/// Findings of the running audit since the invalidator started. Immutable.
///
/// @param share of the events that are audited
/// @param pending events whose checks are not all made
/// @param results events by what became of them, by the names of `audit_keys_total`
/// @param windows shortest first
/// @param lastStale newest first
public record AuditReport(
    double share,
    long pending,
    Map<String, Long> results,
    List<Window> windows,
    List<StaleKey> lastStale) {

  private static final ObjectMapper json = new ObjectMapper();

  public AuditReport {
    results = Map.copyOf(results);
    windows = List.copyOf(windows);
    lastStale = List.copyOf(lastStale);
  }

  public JsonNode json() {
    ObjectNode node = json.createObjectNode().put("share", share).put("pending", pending);
    ObjectNode keys = node.putObject("keys");
    new TreeMap<>(results).forEach(keys::put);
    ArrayNode within = node.putArray("windows");
    for (Window window : windows) {
      ObjectNode of =
          within
              .addObject()
              .put("within", window.within())
              .put("consistent", window.consistent())
              .put("behind", window.behind())
              .put("unknown", window.unknown());
      window.recentShare().ifPresent(recent -> of.put("recentShare", recent));
    }
    ArrayNode stale = node.putArray("lastStale");
    for (StaleKey each : lastStale) {
      stale
          .addObject()
          .put("key", each.key())
          .put("version", each.version())
          .put("found", each.found())
          .put("at", each.at());
    }
    return node;
  }

  /// Checks that were made at one time after the commit.
  ///
  /// @param within the time, as in `2s`
  /// @param consistent the cache had the event's version, a newer one, or nothing
  /// @param behind it had an older one
  /// @param unknown they could not be made, or not in time
  /// @param recentShare of the consistent among those that were made in the last ten minutes
  record Window(
      String within, long consistent, long behind, long unknown, OptionalDouble recentShare) {}

  /// An entry that was older than a change after all checks, and was evicted.
  ///
  /// @param version of the change
  /// @param found the version that the cache had
  /// @param at when, ISO 8601
  record StaleKey(String key, long version, long found, String at) {}
}
