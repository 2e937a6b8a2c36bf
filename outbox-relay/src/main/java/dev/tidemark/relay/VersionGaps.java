package dev.tidemark.relay;

import static java.util.stream.Collectors.groupingBy;

import dev.tidemark.relay.VersionMemory.Gap;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Fills gaps in the versions that the source brings, from the outbox. Confined to one thread.
final class VersionGaps {
  private static final Logger log = LoggerFactory.getLogger(VersionGaps.class);

  /// More rows than that are not fetched for one batch.
  private static final int MOST_ROWS = 1_000;

  /// So many gaps in a row without a single row in the outbox: the versions of that aggregate type
  /// have holes by themselves, against the contract, and looking costs a scan each time.
  private static final int FRUITLESS = 20;

  private final VersionMemory versions;
  private final PostgresOutbox outbox;
  private final RelayMetrics metrics;
  private final Map<String, Integer> fruitless = new HashMap<>();

  /// @param versions what is published
  VersionGaps(VersionMemory versions, PostgresOutbox outbox, RelayMetrics metrics) {
    this.versions = versions;
    this.outbox = outbox;
    this.metrics = metrics;
  }

  /// Those that are to be published, and where versions are missing before one of them, the rows of
  /// those. Empty when that would be too many.
  ///
  /// @param changes all of a stretch, in order
  /// @param unpublished those of them that are to be published now
  Optional<List<Change>> filled(List<Change> changes, List<Change> unpublished) {
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
    var filled = new ArrayList<Change>(unpublished.size() + rows.size());
    var gapsOfChange = gaps.stream().collect(groupingBy(Gap::change));
    for (int i = 0; i < unpublished.size(); i++) {
      for (var gap : gapsOfChange.getOrDefault(i, List.of())) {
        var found = rows.stream().filter(row -> isIn(gap, row)).map(Change::ofTable).toList();
        note(gap, found.size());
        filled.addAll(found);
      }
      filled.add(unpublished.get(i));
    }
    return Optional.of(filled);
  }

  private static boolean isIn(Gap gap, OutboxRow row) {
    return row.aggregateId().equals(gap.aggregateId())
        && row.aggregateType().equals(gap.aggregateType())
        && row.version() > gap.after()
        && row.version() < gap.before();
  }

  private void note(Gap gap, int found) {
    boolean isWhole = found == gap.before() - gap.after() - 1;
    metrics.gap(isWhole);
    (isWhole ? log.atWarn() : log.atError())
        .addKeyValue("aggregate", gap.aggregateType() + "/" + gap.aggregateId())
        .addKeyValue("after", gap.after())
        .addKeyValue("before", gap.before())
        .addKeyValue("found", found)
        .log(
            isWhole
                ? "the log did not bring versions in between; they are published from the outbox"
                : "versions in between are neither in the log nor in the outbox");
    if (fruitless.merge(gap.aggregateType(), 1, (n, one) -> found > 0 ? 0 : n + one) == FRUITLESS) {
      log.atWarn()
          .addKeyValue("aggregateType", gap.aggregateType())
          .log("versions of this type have holes, they are not looked for any more");
    }
  }
}
