package dev.tidemark.embedded;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.function.DoubleSupplier;

/// Time limit for a program that starts: longer on a machine that has more to do than it has
/// processors for. Begins when it is created. Confined to one thread.
public final class Patience {
  /// Largest factor: even on the busiest machine, a program that hangs is found in the end.
  private static final double MOST = 5;

  private final long begin = System.nanoTime();
  private final Duration usual;
  private final DoubleSupplier load;
  private double stretch = 1;

  /// @param usual the limit on a machine that is not busy
  public Patience(Duration usual) {
    this(usual, Patience::load);
  }

  /// @param load of each processor: 1 is all that it can do
  Patience(Duration usual, DoubleSupplier load) {
    this.usual = usual;
    this.load = load;
  }

  public boolean isOver() {
    stretch = Math.clamp(load.getAsDouble(), stretch, MOST);
    return System.nanoTime() - begin > limit().toNanos();
  }

  /// Returns the limit as far as it is known by now.
  public Duration limit() {
    return Duration.ofMillis(Math.round(usual.toMillis() * stretch));
  }

  /// Returns the number of tasks that run or wait to run, for each processor, averaged over the
  /// last minute; 0 where it is not known.
  public static double load() {
    var machine = ManagementFactory.getOperatingSystemMXBean();
    return Math.max(0, machine.getSystemLoadAverage() / machine.getAvailableProcessors());
  }
}
