package dev.tidemark.relay.status;

import dev.tidemark.relay.status.Finding.Severity;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Known faults of the servers. Logs a finding when it appears and when it disappears.
///
/// Thread-safe.
public final class Findings {
  private static final Logger log = LoggerFactory.getLogger(Findings.class);

  private final Map<Finding.Server, List<Finding>> known = new EnumMap<>(Finding.Server.class);

  /// Replaces the findings of one server.
  ///
  /// @param now everything that is wrong with this server
  public synchronized void found(Finding.Server server, List<Finding> now) {
    var before = known.getOrDefault(server, List.of());
    now.stream().filter(finding -> !before.contains(finding)).forEach(Findings::log);
    before.stream()
        .filter(finding -> !now.contains(finding))
        .forEach(
            gone -> log.atInfo().addKeyValue("server", server).log("put right: {}", gone.what()));
    known.put(server, List.copyOf(now));
  }

  public synchronized List<Finding> errors() {
    return known.values().stream().flatMap(List::stream).filter(Finding::isError).toList();
  }

  /// Returns whether rows are written that the stream does not see.
  public synchronized boolean rowsPassBy() {
    return errors().stream().anyMatch(finding -> finding.severity() == Severity.ROWS_PASS_BY);
  }

  /// Returns all findings, including warnings.
  public synchronized List<Finding> all() {
    return known.values().stream().flatMap(List::stream).toList();
  }

  private static void log(Finding finding) {
    (finding.isError() ? log.atError() : log.atWarn())
        .addKeyValue("server", finding.server())
        .log(finding.text());
  }
}
