package dev.tidemark.devstack.demo;

import java.util.ArrayList;
import java.util.List;

/// Results of a demo.
record DemoReport(
    double seconds,
    TrafficFigures traffic,
    EvictionTimes evictions,
    TopicCheck.Result topic,
    CacheCheck.Result cache,
    WriteCheck.Result writes) {

  /// Returns whether nothing was lost, nothing was stale, and something happened at all.
  boolean isGood() {
    return topic.isGood()
        && cache.isGood()
        && writes.isGood()
        && traffic.minVersionBroken.sum() == 0
        && traffic.requests() > 0;
  }

  List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add("");
    lines.add(
        row(
            "requests",
            "%,d in %.1f s: %,d reads, %,d updates, %,d deletes, %,d re-creations; %,d errors",
            traffic.requests(),
            seconds,
            traffic.reads.sum(),
            traffic.updates.sum(),
            traffic.deletes.sum(),
            traffic.recreations.sum(),
            traffic.errors.sum()));
    lines.add(
        row(
            "speed",
            "reads %s, writes %s (p50/p99); %.1f %% of reads from the cache",
            traffic.allReads(),
            traffic.allWrites(),
            traffic.hitRatio() * 100));
    lines.add(
        row(
            "commit to evict",
            "%.0f/%.0f ms (p50/p99) over %,d events; all applied %.1f s after the last write",
            evictions.millis(50),
            evictions.millis(99),
            evictions.count(),
            topic.took().toMillis() / 1000.0));
    lines.add(
        row(
            "outbox = topic",
            "%,d outbox rows: %,d missing in the topic, %,d repeated, %,d out of order; %,d products with gaps%s",
            topic.outboxRows(),
            topic.missing(),
            topic.repeated(),
            topic.outOfOrder(),
            topic.broken(),
            topic.applied() ? "" : "; THE INVALIDATOR HAS NOT APPLIED ALL"));
    lines.add(
        row(
            "cache = database",
            "%,d products: %,d cached and the same, %,d not cached, %,d stale",
            cache.products(),
            cache.fresh(),
            cache.uncached(),
            cache.stale()));
    cache.examples().forEach(example -> lines.add(row("", "stale: %s", example)));
    lines.add(
        row(
            "writes",
            "%,d acknowledged: %,d lost; every product read once more: %,d answers not the database's",
            traffic.writes(),
            writes.lost(),
            writes.oldAnswers()));
    lines.add(
        row(
            "read your writes",
            "%,d reads with Min-Version: %,d answered something older",
            traffic.minVersionReads.sum(),
            traffic.minVersionBroken.sum()));
    lines.add(
        row(
            "plain reads",
            "%,d of %,d older than a write acknowledged before%s",
            traffic.olderReads.sum(),
            traffic.reads.sum() - traffic.minVersionReads.sum(),
            traffic.olderReads.sum() == 0
                ? ""
                : ", by %.0f ms at most".formatted(traffic.oldestNanos.get() / 1e6)));
    lines.add(
        row(
            "a naive cache",
            "beside it, same traffic: %,d of %,d reads older than its last eviction; %,d stale entries at the end",
            traffic.naiveOlderReads.sum(),
            traffic.naiveReads.sum(),
            cache.naiveStale()));
    lines.add("");
    lines.add(isGood() ? "nothing lost, nothing stale" : "SOMETHING WAS LOST OR STALE, see above");
    return lines;
  }

  @SuppressWarnings("AnnotateFormatMethod") // Called with constants only.
  private static String row(String title, String format, Object... values) {
    return "  %-17s %s".formatted(title, format.formatted(values));
  }
}
