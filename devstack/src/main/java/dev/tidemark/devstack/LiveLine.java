package dev.tidemark.devstack;

import java.util.function.Supplier;

/// The line that shows how the traffic goes. Confined to the thread that shows it.
final class LiveLine {
  private final Screen screen;
  private final TrafficFigures figures;
  private final Supplier<EvictionTimes> evictions;
  private final long begin = System.nanoTime();
  private long lastShown = begin;
  private long lastRequests;

  LiveLine(Screen screen, TrafficFigures figures, Supplier<EvictionTimes> evictions) {
    this.screen = screen;
    this.figures = figures;
    this.evictions = evictions;
  }

  void show() {
    EvictionTimes times = evictions.get();
    long now = System.nanoTime();
    long requests = figures.requests();
    double rate = (requests - lastRequests) / ((now - lastShown) / 1e9);
    lastShown = now;
    lastRequests = requests;
    screen.live(
        "%4.0f s  %,6.0f req/s  hit %4.1f %%  read %.1f/%.1f ms  write %.1f/%.1f ms  commit→evict %.0f/%.0f ms (p50/p99)  old reads: naive %,d, tidemark %,d%s"
            .formatted(
                (now - begin) / 1e9,
                rate,
                figures.hitRatio() * 100,
                figures.readMillis(50),
                figures.readMillis(99),
                figures.writeMillis(50),
                figures.writeMillis(99),
                times.millis(50),
                times.millis(99),
                figures.naiveOlderReads.sum(),
                figures.olderReads.sum(),
                figures.errors.sum() == 0 ? "" : "  errors %,d".formatted(figures.errors.sum())));
  }
}
