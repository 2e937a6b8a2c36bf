package dev.tidemark.relay.resync;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/// Shows the progress of a run on standard error: on a terminal a bar with rate and remaining time,
/// otherwise a line now and then.
final class ResyncProgress implements AutoCloseable {
  private static final Duration TERMINAL_REFRESH = Duration.ofMillis(200);
  private static final Duration PLAIN_REFRESH = Duration.ofSeconds(2);

  private final long begin = System.nanoTime();
  private final long total;
  private final LongSupplier done;
  private final Consumer<String> lines;
  private final @Nullable ProgressBar bar;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("progress").factory());

  private ResyncProgress(boolean terminal, long total, LongSupplier done, Consumer<String> lines) {
    this.total = total;
    this.done = done;
    this.lines = lines;
    this.bar =
        terminal
            ? new ProgressBarBuilder()
                .setTaskName("resync")
                .setInitialMax(total)
                .showSpeed()
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(Math.toIntExact(TERMINAL_REFRESH.toMillis()))
                .build()
            : null;
  }

  /// Shows the progress until it is closed.
  ///
  /// @param terminal whether a human looks on
  /// @param lines where the lines go, when none does
  static ResyncProgress start(
      boolean terminal, long total, LongSupplier done, Consumer<String> lines) {
    var display = new ResyncProgress(terminal, total, done, lines);
    long period = (terminal ? TERMINAL_REFRESH : PLAIN_REFRESH).toMillis();
    var _ =
        display.thread.scheduleAtFixedRate(display::show, period, period, TimeUnit.MILLISECONDS);
    return display;
  }

  @Override
  public void close() {
    thread.shutdownNow();
    if (bar != null) {
      bar.stepTo(done.getAsLong());
      bar.close();
    }
  }

  private void show() {
    long now = done.getAsLong();
    if (bar != null) {
      bar.stepTo(now);
      return;
    }
    double perSecond = now / ((System.nanoTime() - begin) / 1e9);
    lines.accept(
        "%3d %%  %,d of %,d products, %,.0f/s, %s left"
            .formatted(
                total == 0 ? 100 : Math.min(100, now * 100 / total),
                now,
                total,
                perSecond,
                now == 0 ? "?" : "%,.0f s".formatted(Math.max(0, total - now) / perSecond)));
  }
}
