package dev.tidemark.cache.interleavings;

import java.math.BigInteger;
import java.util.Optional;

/// Result of running the interleavings of a program.
///
/// @param interleavings the complete ones, to where nobody has a step left
/// @param steps the steps that were run, each once
/// @param violation the shortest sequence of steps that breaks a promise, and which; then the
///   longer ones were not run
record Exploration(BigInteger interleavings, long steps, Optional<String> violation) {

  static final Exploration NONE = new Exploration(BigInteger.ZERO, 0, Optional.empty());

  Exploration and(Exploration other) {
    return new Exploration(
        interleavings.add(other.interleavings),
        steps + other.steps,
        violation.or(other::violation));
  }

  @Override
  public String toString() {
    return "%,d interleavings in %,d steps".formatted(interleavings, steps);
  }
}
