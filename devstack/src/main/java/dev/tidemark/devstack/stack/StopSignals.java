package dev.tidemark.devstack.stack;

import java.util.concurrent.atomic.AtomicInteger;
import org.jline.utils.Signals;

/// Passes on Ctrl-C (SIGINT), SIGTERM and a closed terminal (SIGHUP) as calls: the first asks to
/// stop, the next ones to hurry.
///
/// Shutdown hooks would not do: they run in no order, and the JVM ignores a second signal
/// meanwhile.
final class StopSignals {
  private final AtomicInteger received = new AtomicInteger();
  private final Runnable stop;
  private final Runnable hurry;

  private StopSignals(Runnable stop, Runnable hurry) {
    this.stop = stop;
    this.hurry = hurry;
  }

  /// Takes effect at once, for the rest of this JVM. Both actions are called on a thread of their
  /// own.
  static void on(Runnable stop, Runnable hurry) {
    StopSignals signals = new StopSignals(stop, hurry);
    for (String signal : new String[] {"INT", "TERM", "HUP"}) {
      Signals.register(signal, signals::received);
    }
  }

  private void received() {
    if (received.getAndIncrement() == 0) {
      stop.run();
    } else {
      hurry.run();
    }
  }
}
