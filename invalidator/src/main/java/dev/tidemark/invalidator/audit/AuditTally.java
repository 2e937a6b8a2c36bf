package dev.tidemark.invalidator.audit;

import dev.tidemark.invalidator.settings.AuditSettings;
import dev.tidemark.service.status.AuditReport;
import dev.tidemark.service.status.AuditReport.StaleKey;
import java.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/// Counts what the running audit finds. Thread-safe: the audit counts, metrics and status read.
final class AuditTally {

  private static final int LAST_STALE = 10;

  /// Result for one event.
  enum Result {
    /// The cache had the version or a newer one at the last check, and at no check an older one.
    FRESH,
    /// The cache had no value or a lease at the last check, and at no check an older version.
    ABSENT,
    /// The cache was behind at a check, but no longer at the last.
    LAGGING,
    /// The cache was behind at the last check too. The entry was evicted.
    STALE,
    /// The cache was behind, but the database does not have the version either.
    FORKED,
    /// The event was not checked, because there were too many.
    LEFT_OUT;

    String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /// Result of one check of an event.
  enum Finding {
    CONSISTENT,
    BEHIND,
    UNKNOWN
  }

  private static final class Window {
    private final Map<Finding, Long> counts = new EnumMap<>(Finding.class);
    private final RecentShare recent = new RecentShare();
  }

  private final AuditSettings settings;
  private final Clock clock;
  private final Map<Result, Long> results = new EnumMap<>(Result.class);
  private final List<Window> windows = new ArrayList<>();
  private final Deque<StaleKey> lastStale = new ArrayDeque<>();
  private long pending;

  AuditTally(AuditSettings settings, Clock clock) {
    this.settings = settings;
    this.clock = clock;
    for (Result result : Result.values()) {
      results.put(result, 0L);
    }
    settings.within().forEach(_ -> windows.add(new Window()));
  }

  synchronized void event(Result result) {
    results.merge(result, 1L, Long::sum);
  }

  /// @param window by its place in [AuditSettings#within]
  synchronized void check(int window, Finding finding) {
    Window counted = windows.get(window);
    counted.counts.merge(finding, 1L, Long::sum);
    if (finding != Finding.UNKNOWN) {
      counted.recent.count(finding == Finding.CONSISTENT, System.nanoTime());
    }
  }

  synchronized void stale(String key, long version, long found) {
    event(Result.STALE);
    lastStale.addFirst(
        new StaleKey(
            key, version, found, clock.instant().truncatedTo(ChronoUnit.SECONDS).toString()));
    if (lastStale.size() > LAST_STALE) {
      lastStale.removeLast();
    }
  }

  synchronized void pending(int count) {
    pending = count;
  }

  synchronized AuditReport report() {
    Map<String, Long> byLabel = new TreeMap<>();
    results.forEach((result, count) -> byLabel.put(result.label(), count));
    List<AuditReport.Window> reported = new ArrayList<>();
    for (int i = 0; i < windows.size(); i++) {
      Window window = windows.get(i);
      reported.add(
          new AuditReport.Window(
              label(settings.within().get(i)),
              window.counts.getOrDefault(Finding.CONSISTENT, 0L),
              window.counts.getOrDefault(Finding.BEHIND, 0L),
              window.counts.getOrDefault(Finding.UNKNOWN, 0L),
              window.recent.share(System.nanoTime())));
    }
    return new AuditReport(settings.share(), pending, byLabel, reported, List.copyOf(lastStale));
  }

  private static String label(Duration within) {
    return within.toMillisPart() == 0 ? within.toSeconds() + "s" : within.toMillis() + "ms";
  }
}
