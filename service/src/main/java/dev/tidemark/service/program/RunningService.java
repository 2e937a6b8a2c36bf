package dev.tidemark.service.program;

/// A service that has started.
public interface RunningService extends AutoCloseable {

  /// Serves on the calling thread until [#close]. What it throws is the end of the process.
  void run();

  /// Stops, and returns when all is let go.
  @Override
  void close();
}
