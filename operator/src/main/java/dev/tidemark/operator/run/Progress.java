package dev.tidemark.operator.run;

/// Progress of a command: its current step, and the part of it that is done. One thread works,
/// others read.
public final class Progress {

  /// @param of what is counted, in the plural
  /// @param total how many there are; an estimate may be passed
  record Step(String name, String of, long total, long begin) {}

  private volatile Step step = new Step("begins", "", 0, System.nanoTime());
  private volatile long done;

  /// Begins a new step, with nothing of it done.
  public void begin(String name, String of, long total) {
    done = 0;
    step = new Step(name, of, total, System.nanoTime());
  }

  public void done(long count) {
    done = count;
  }

  Step step() {
    return step;
  }

  long done() {
    return done;
  }
}
