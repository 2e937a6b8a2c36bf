package dev.tidemark.devstack.stack;

import dev.tidemark.devstack.screen.Screen;
import dev.tidemark.embedded.PortInUseException;
import dev.tidemark.embedded.ServerStartException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/// Restarts one part whenever it dies, until released. It has one thread of its own.
final class Keeper {
  private static final Duration READY_PATIENCE = Duration.ofMinutes(2);
  private static final int KILLED_BY_SIGNAL = 128;

  private final Part part;
  private final Screen screen;
  private final Runnable afterLaunch;
  private final RestartBudget budget = new RestartBudget();
  private final CountDownLatch released = new CountDownLatch(1);
  private final Thread thread;

  /// @param afterLaunch called when the part has a new process
  Keeper(Part part, Screen screen, Runnable afterLaunch) {
    this.part = part;
    this.screen = screen;
    this.afterLaunch = afterLaunch;
    this.thread = Thread.ofVirtual().name("keep-" + part.name()).unstarted(this::keep);
  }

  void start() {
    thread.start();
  }

  /// Releases the part, which then stays as it is. When this returns, the keeper does nothing more.
  void release() {
    released.countDown();
    thread.interrupt();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void keep() {
    try {
      while (true) {
        int exitCode = part.exit().get();
        if (!pauseAfter(exitCode)) {
          return;
        }
        startAgain();
      }
    } catch (InterruptedException e) {
      // Released.
    } catch (ExecutionException e) {
      screen.line("%s is not watched any more: %s".formatted(part.name(), e));
    }
  }

  /// Reports the exit and waits for the time of the budget. Returns false when released.
  private boolean pauseAfter(int exitCode) throws InterruptedException {
    if (released.getCount() == 0) {
      return false;
    }
    RestartBudget.Pause pause = budget.next(System.nanoTime());
    String wait =
        pause.length().isZero() ? "now" : "in %.1f s".formatted(pause.length().toMillis() / 1000.0);
    if (pause.exhausted()) {
      screen.line(
          "%s %s, the %dth time within a minute; next try %s. See what it says in %s"
              .formatted(
                  part.name(), ending(exitCode), RestartBudget.PER_MINUTE, wait, part.log()));
    } else {
      screen.line("%s %s; it is started again %s".formatted(part.name(), ending(exitCode), wait));
    }
    return !released.await(pause.length().toNanos(), TimeUnit.NANOSECONDS);
  }

  private void startAgain() {
    long begin = System.nanoTime();
    try {
      part.launch();
      afterLaunch.run();
      String missing = part.awaitReady(READY_PATIENCE);
      if (released.getCount() == 0) {
        return;
      }
      if (missing.isEmpty()) {
        screen.line(
            "%s is back after %.1f s (pid %d)"
                .formatted(part.name(), (System.nanoTime() - begin) / 1e9, part.pid()));
      } else {
        screen.line(
            "%s runs again (pid %d) but is not ready: %s"
                .formatted(part.name(), part.pid(), missing));
      }
    } catch (ServerStartException | PortInUseException e) {
      // The process that ended is still the last one: the loop continues with a longer pause.
      screen.line(String.valueOf(e.getMessage()));
    }
  }

  private static String ending(int exitCode) {
    return exitCode > KILLED_BY_SIGNAL
        ? "was ended by signal " + (exitCode - KILLED_BY_SIGNAL)
        : "ended with exit code " + exitCode;
  }
}
