package dev.tidemark.service.status;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/// Findings of the audit that an invalidator makes beside its work, since its start. Immutable.
///
/// @param share of the events that are audited
/// @param pending events whose checks are not all made
/// @param keys number of events by what became of them, by the names of `audit_keys_total`
/// @param windows shortest first
/// @param lastStale newest first
public record AuditReport(
    double share,
    long pending,
    Map<String, Long> keys,
    List<Window> windows,
    List<StaleKey> lastStale) {

  public AuditReport {
    keys = Collections.unmodifiableMap(new LinkedHashMap<>(keys));
    windows = List.copyOf(windows);
    lastStale = List.copyOf(lastStale);
  }

  /// Checks that were made at one time after the commit.
  ///
  /// @param within the time, as in `2s`
  /// @param consistent the cache had the event's version, a newer one, or nothing
  /// @param behind it had an older one
  /// @param unknown they could not be made, or not in time
  /// @param recentShare of the consistent among those that were made in the last ten minutes;
  ///   missing where there was none
  public record Window(
      String within, long consistent, long behind, long unknown, OptionalDouble recentShare) {}

  /// An entry that was older than a change after all checks, and was evicted.
  ///
  /// @param version of the change
  /// @param found the version that the cache had
  /// @param at when, ISO 8601
  public record StaleKey(String key, long version, long found, String at) {}
}
