package dev.tidemark.benchmarks;

import java.io.IOException;
import java.time.Duration;

/// Program that carries outbox rows from a slot, as long as it is open, with its use of the
/// machine.
interface Carrier extends AutoCloseable {

  boolean isAlive();

  /// Returns the processor time spent so far.
  Duration cpu();

  /// Returns the memory that it uses now, in bytes; 0 where that is not known.
  long residentBytes() throws IOException;

  /// Returns its last output, for the case that it fails.
  String lastWords();

  @Override
  void close();
}
