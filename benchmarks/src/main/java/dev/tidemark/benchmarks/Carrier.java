package dev.tidemark.benchmarks;

import java.io.IOException;
import java.time.Duration;

/// What carries outbox rows from a slot, as long as it is open; and what that takes of the machine.
interface Carrier extends AutoCloseable {

  boolean isAlive();

  /// Processor time spent so far.
  Duration cpu();

  /// Memory that it has of the machine now, in bytes; 0 where that cannot be told.
  long residentBytes() throws IOException;

  /// What it last said, for when it fails.
  String lastWords();

  @Override
  void close();
}
