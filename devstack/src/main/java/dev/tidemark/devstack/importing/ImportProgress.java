package dev.tidemark.devstack.importing;

import dev.tidemark.devstack.screen.Screen;
import dev.tidemark.devstack.screen.Ticker;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/// Shows the progress of reading a file: a bar on a terminal, otherwise a line now and then.
final class ImportProgress implements AutoCloseable {
  private static final long MEBIBYTE = 1 << 20;
  private static final Duration TERMINAL_REFRESH = Duration.ofMillis(200);
  private static final Duration PLAIN_REFRESH = Duration.ofSeconds(2);

  private final Screen screen;
  private final long size;
  private final CountingInputStream raw;
  private final @Nullable ProgressBar bar;
  private final ExecutorService ticker;

  /// @param size of the file; negative where nobody knows
  /// @param raw reads the file
  ImportProgress(Screen screen, long size, CountingInputStream raw) {
    this.screen = screen;
    this.size = size;
    this.raw = raw;
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

  /// Shows the progress. Sent data has not arrived yet, so the last step is reserved for the
  /// answer.
  private void show() {
    long sent = size < 0 ? raw.bytes() : Math.min(raw.bytes(), size - 1);
    if (bar != null) {
      bar.stepTo(Math.max(0, sent));
    } else if (size > 0) {
      screen.line(
          "%3d %%  %,.1f MiB sent".formatted(sent * 100 / size, (double) raw.bytes() / MEBIBYTE));
    } else {
      screen.line("%,.1f MiB sent".formatted((double) raw.bytes() / MEBIBYTE));
    }
  }

  /// Reports that all of it has arrived. Nothing is shown any more.
  void done() {
    ticker.close();
    if (bar == null) {
      screen.line("100 %%  %,.1f MiB sent".formatted((double) raw.bytes() / MEBIBYTE));
    } else {
      bar.maxHint(raw.bytes()).stepTo(raw.bytes());
    }
  }

  @Override
  public void close() {
    ticker.close();
    if (bar != null) {
      bar.close();
    }
  }
}
