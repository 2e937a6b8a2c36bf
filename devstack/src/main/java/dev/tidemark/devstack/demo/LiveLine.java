package dev.tidemark.devstack.demo;

import dev.tidemark.devstack.screen.Screen;
import java.util.function.Supplier;

/// Line that shows the traffic: the events since it was shown last, and times as p50/p99. Confined
/// to the thread that shows it.
final class LiveLine {
  private final Screen screen;
  private final TrafficFigures figures;
  private final Supplier<EvictionTimes> evictions;
  private final long begin = System.nanoTime();
  private long lastShown = begin;
  private long lastRequests;
  private long lastReads;
  private long lastHits;
  private EvictionTimes lastEvictions = EvictionTimes.NONE;

  LiveLine(Screen screen, TrafficFigures figures, Supplier<EvictionTimes> evictions) {
    this.screen = screen;
    this.figures = figures;
    this.evictions = evictions;
  }

  void show() {
    EvictionTimes allEvictions = evictions.get();
    EvictionTimes recentEvictions = allEvictions.since(lastEvictions);
    long now = System.nanoTime();
    long requests = figures.requests();
    long reads = figures.reads.sum();
    long hits = figures.hits.sum();
    screen.live(
        "%4.0f s %,6.0f req/s  %4.1f %% hits  read %s  write %s  evict %.0f/%.0f ms  old reads %,d (naive %,d)%s"
            .formatted(
                (now - begin) / 1e9,
                (requests - lastRequests) / ((now - lastShown) / 1e9),
                reads == lastReads ? 0 : 100.0 * (hits - lastHits) / (reads - lastReads),
                figures.recentReads(),
                figures.recentWrites(),
                recentEvictions.millis(50),
                recentEvictions.millis(99),
                figures.olderReads.sum(),
                figures.naiveOlderReads.sum(),
                figures.errors.sum() == 0 ? "" : "  errors %,d".formatted(figures.errors.sum())));
    lastShown = now;
    lastRequests = requests;
    lastReads = reads;
    lastHits = hits;
    lastEvictions = allEvictions;
  }
}
