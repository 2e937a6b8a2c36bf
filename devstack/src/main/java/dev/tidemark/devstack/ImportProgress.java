package dev.tidemark.devstack;

import java.time.Duration;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/// Shows how far a file is read: a bar on a terminal, else a line now and then.
final class ImportProgress implements AutoCloseable {
  private static final long MEBIBYTE = 1 << 20;
  private static final Duration TERMINAL_REFRESH = Duration.ofMillis(200);
  private static final Duration PLAIN_REFRESH = Duration.ofSeconds(2);

  private final long begin = System.nanoTime();
  private final Screen screen;
  private final long size;
  private final CountingInputStream raw;
  private final CountingInputStream text;
  private final @Nullable ProgressBar bar;
  private final Ticker ticker;

  /// @param size of the file
  /// @param raw reads the file
  /// @param text reads its lines, after unpacking
  ImportProgress(Screen screen, long size, CountingInputStream raw, CountingInputStream text) {
    this.screen = screen;
    this.size = size;
    this.raw = raw;
    this.text = text;
    this.bar =
        screen.isTerminal()
            ? new ProgressBarBuilder()
                .setTaskName("import")
                .setInitialMax(size)
                .setUnit(" MiB", MEBIBYTE)
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(Math.toIntExact(TERMINAL_REFRESH.toMillis()))
                .build()
            : null;
    this.ticker = Ticker.every(bar == null ? PLAIN_REFRESH : TERMINAL_REFRESH, this::show);
  }

  private void show() {
    long lines = text.lines();
    String rate =
        "%,d lines, %,.0f/s".formatted(lines, lines / ((System.nanoTime() - begin) / 1e9));
    if (bar == null) {
      screen.line("%3d %%  %s".formatted(size == 0 ? 100 : raw.bytes() * 100 / size, rate));
    } else {
      bar.stepTo(raw.bytes()).setExtraMessage(" " + rate);
    }
  }

  @Override
  public void close() {
    ticker.close();
    if (bar != null) {
      bar.stepTo(raw.bytes());
      bar.close();
    }
  }
}
