package dev.tidemark.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;

/// Processes of the readers of a stampede, which all start at one moment. Confined to one thread.
final class Crowd implements AutoCloseable {

  private static final int HISTOGRAM_DIGITS = 3;

  private final List<ReaderProcess> processes;

  private Crowd(List<ReaderProcess> processes) {
    this.processes = processes;
  }

  /// Results of all the readers.
  record Outcome(int failures, Histogram micros) {}

  /// Starts the processes.
  ///
  /// @param readers in all, shared among the processes
  static Crowd gather(int processes, int readers, List<String> arguments) throws IOException {
    Crowd crowd = new Crowd(new ArrayList<>());
    for (int i = 0; i < processes; i++) {
      int share = readers / processes + (i < readers % processes ? 1 : 0);
      List<String> command = new ArrayList<>(arguments);
      command.addAll(List.of("--readers", Integer.toString(share)));
      crowd.processes.add(ReaderProcess.start(command));
    }
    return crowd;
  }

  /// Brings all readers to the start, runs the action, and releases them.
  Outcome stampede(String side, String id, Runnable justBefore) throws IOException {
    for (ReaderProcess process : processes) {
      process.prepare(side, id);
    }
    for (ReaderProcess process : processes) {
      process.awaitReady();
    }
    justBefore.run();
    processes.forEach(ReaderProcess::go);
    Histogram micros = new Histogram(HISTOGRAM_DIGITS);
    int failures = 0;
    for (ReaderProcess process : processes) {
      ReadersResult result = process.result();
      failures += result.failures();
      micros.add(result.micros());
    }
    return new Outcome(failures, micros);
  }

  @Override
  public void close() {
    processes.forEach(ReaderProcess::close);
  }
}
