package dev.tidemark.operator.run;

import dev.tidemark.operator.run.Progress.Step;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/// Shows the progress of a command on standard error: on a terminal a bar with rate and remaining
/// time, otherwise a line now and then.
final class ProgressDisplay implements AutoCloseable {

  private static final Duration TERMINAL_REFRESH = Duration.ofMillis(200);
  private static final Duration PLAIN_REFRESH = Duration.ofSeconds(2);

  /// Number of looks after which a line is repeated though nothing has changed.
  private static final int PATIENCE = 5;

  private final Progress progress;
  private final boolean terminal;
  private final Consumer<String> lines;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("progress").factory());

  private @Nullable ProgressBar bar;
  private @Nullable Step shown;
  private long doneThen;
  private int unchanged;

  private ProgressDisplay(Progress progress, boolean terminal, Consumer<String> lines) {
    this.progress = progress;
    this.terminal = terminal;
    this.lines = lines;
  }

  /// Shows the progress until it is closed.
  ///
  /// @param terminal whether a human looks on
  /// @param lines where the lines go, when none does
  static ProgressDisplay start(Progress progress, boolean terminal, Consumer<String> lines) {
    ProgressDisplay display = new ProgressDisplay(progress, terminal, lines);
    long period = (terminal ? TERMINAL_REFRESH : PLAIN_REFRESH).toMillis();
    var _ =
        display.thread.scheduleAtFixedRate(display::show, period, period, TimeUnit.MILLISECONDS);
    return display;
  }

  private synchronized void show() {
    Step step = progress.step();
    long done = progress.done();
    if (terminal) {
      show(step, done);
    } else if (step.total() > 0) {
      boolean isNews = !step.equals(shown) || done != doneThen;
      unchanged = isNews ? 0 : unchanged + 1;
      if (unchanged % PATIENCE == 0) {
        lines.accept(line(step, done));
      }
      shown = step;
      doneThen = done;
    }
  }

  private void show(Step step, long done) {
    if (!step.equals(shown)) {
      closeBar();
      shown = step;
      bar =
          new ProgressBarBuilder()
              .setTaskName(step.name())
              .setInitialMax(step.total())
              .showSpeed()
              .setStyle(ProgressBarStyle.ASCII)
              .setUpdateIntervalMillis(Math.toIntExact(TERMINAL_REFRESH.toMillis()))
              .build();
    }
    if (bar != null) {
      bar.maxHint(Math.max(step.total(), done));
      bar.stepTo(done);
    }
  }

  private static String line(Step step, long done) {
    double perSecond = done / ((System.nanoTime() - step.begin()) / 1e9);
    return "%s %3d %%  %,d of %,d %s, %,.0f/s, %s left"
        .formatted(
            step.name(),
            Math.min(100, done * 100 / step.total()),
            done,
            step.total(),
            step.of(),
            perSecond,
            done == 0 ? "?" : "%,.0f s".formatted(Math.max(0, step.total() - done) / perSecond));
  }

  private void closeBar() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }

  @Override
  public void close() {
    thread.shutdownNow();
    synchronized (this) {
      if (bar != null) {
        bar.stepTo(progress.done());
      }
      closeBar();
    }
  }
}
