package dev.tidemark.benchmarks;

import java.util.Map;

/// One of the ways of doing the same work that a benchmark compares.
///
/// @param name as in the report
/// @param round does the work once
record Side(String name, Round round) {

  /// A part of the work that is measured.
  @FunctionalInterface
  interface Round {
    /// Returns the figures by name, where less is better; the same names each time, and on each
    /// side.
    Map<String, Double> run() throws Exception;
  }
}
