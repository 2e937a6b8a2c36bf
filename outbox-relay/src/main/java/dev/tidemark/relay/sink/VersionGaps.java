package dev.tidemark.relay.sink;

import static java.util.stream.Collectors.groupingBy;

import dev.tidemark.relay.sink.VersionMemory.Gap;
import dev.tidemark.relay.source.Change;
import dev.tidemark.relay.source.OutboxRow;
import dev.tidemark.relay.status.RelayMetrics;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Fills gaps in the versions that the source brings, from the outbox. Events that the topics
/// already hold are no gap, though the relay did not know them (H48). Confined to one thread.
public final class VersionGaps {
  private static final Logger log = LoggerFactory.getLogger(VersionGaps.class);

  /// Largest number of rows that is fetched for one batch.
  private static final int MOST_ROWS = 1_000;

  /// Largest number of gaps in a row without a single row in the outbox. Beyond it, the versions of
  /// that aggregate type have holes of their own, against the contract, and each look costs a scan.
  private static final int FRUITLESS = 20;

  private final VersionMemory versions;
  private final PostgresOutbox outbox;
  private final PublishedEvents history;
  private final RelayMetrics metrics;
  private final Map<String, Integer> fruitless = new HashMap<>();

  /// @param versions what is published
  public VersionGaps(
      VersionMemory versions,
      PostgresOutbox outbox,
      PublishedEvents history,
      RelayMetrics metrics) {
    this.versions = versions;
    this.outbox = outbox;
    this.history = history;
    this.metrics = metrics;
  }

  /// Returns the changes that are to be published, with the missing rows where versions are missing
  /// before one of them. Empty when there would be too many.
  ///
  /// @param changes all of a stretch, in order
  /// @param unpublished those of them that are to be published now
  public Optional<List<Change>> filled(List<Change> changes, List<Change> unpublished) {
    var gaps =
        versions.next(changes, unpublished).stream()
            .filter(gap -> fruitless.getOrDefault(gap.aggregateType(), 0) < FRUITLESS)
            .toList();
    if (gaps.isEmpty()) {
      return Optional.of(unpublished);
    }
    var rows = outbox.rowsOf(gaps, MOST_ROWS + 1);
    if (rows.size() > MOST_ROWS) {
      return Optional.empty();
    }
    var known = publishedOf(gaps, rows);
    var filled = new ArrayList<Change>(unpublished.size() + rows.size());
    var gapsOfChange = gaps.stream().collect(groupingBy(Gap::change));
    for (int i = 0; i < unpublished.size(); i++) {
      for (var gap : gapsOfChange.getOrDefault(i, List.of())) {
        var found = rows.stream().filter(row -> isIn(gap, row)).toList();
        var lost = found.stream().filter(row -> !known.contains(row.id())).toList();
        if (lost.isEmpty() && isWhole(gap, found)) {
          continue;
        }
        note(gap, found);
        lost.stream().map(Change::ofTable).forEach(filled::add);
      }
      filled.add(unpublished.get(i));
    }
    return Optional.of(filled);
  }

  /// Returns those of the rows that are in the topics.
  private Set<UUID> publishedOf(List<Gap> gaps, List<OutboxRow> rows) {
    var doubtful =
        rows.stream()
            .filter(row -> gaps.stream().anyMatch(gap -> gap.isHearsay() && isIn(gap, row)))
            .toList();
    return doubtful.isEmpty() ? Set.of() : history.publishedOf(doubtful);
  }

  private static boolean isWhole(Gap gap, List<OutboxRow> found) {
    return found.size() == gap.before() - gap.after() - 1;
  }

  private static boolean isIn(Gap gap, OutboxRow row) {
    return row.aggregateId().equals(gap.aggregateId())
        && row.aggregateType().equals(gap.aggregateType())
        && row.version() > gap.after()
        && row.version() < gap.before();
  }

  private void note(Gap gap, List<OutboxRow> found) {
    boolean isWhole = isWhole(gap, found);
    metrics.gap(isWhole);
    (isWhole ? log.atWarn() : log.atError())
        .addKeyValue("aggregate", gap.aggregateType() + "/" + gap.aggregateId())
        .addKeyValue("after", gap.after())
        .addKeyValue("before", gap.before())
        .addKeyValue("found", found.size())
        .log(
            isWhole
                ? "version gap in the log; publishing the missing versions from the outbox"
                : "versions in between are neither in the log nor in the outbox");
    if (fruitless.merge(gap.aggregateType(), 1, (n, one) -> found.isEmpty() ? n + one : 0)
        == FRUITLESS) {
      log.atWarn()
          .addKeyValue("aggregateType", gap.aggregateType())
          .log("versions of this type are not consecutive; gap detection is off for it");
    }
  }
}
