package dev.tidemark.service.program;

/// A service that has started.
public interface RunningService extends AutoCloseable {

  /// Serves on the calling thread until [#close]. An exception from here ends the process.
  void run();

  /// Stops, and returns when everything is released.
  @Override
  void close();
}
