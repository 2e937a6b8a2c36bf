package dev.tidemark.devstack.demo;

import java.util.Arrays;
import java.util.random.RandomGenerator;

/// Draws ranks like the popularity of products: rank k is drawn in proportion to 1/k^s, so a few
/// are requested all the time and most only now and then. Immutable.
final class Zipf {
  /// Sums of the weights up to each rank, as parts of the whole; the last is 1.
  private final double[] cumulative;

  /// @param size how many ranks there are, at least 1
  /// @param exponent 0 makes all equal, 1 is the classic law
  Zipf(int size, double exponent) {
    if (size < 1) {
      throw new IllegalArgumentException("a distribution over " + size + " ranks");
    }
    cumulative = new double[size];
    double sum = 0;
    for (int rank = 0; rank < size; rank++) {
      sum += 1 / Math.pow(rank + 1, exponent);
      cumulative[rank] = sum;
    }
    for (int rank = 0; rank < size; rank++) {
      cumulative[rank] /= sum;
    }
  }

  /// Returns a rank from 0, the most frequent, to size - 1.
  int next(RandomGenerator random) {
    int found = Arrays.binarySearch(cumulative, random.nextDouble());
    int rank = found >= 0 ? found + 1 : -found - 1;
    return Math.min(rank, cumulative.length - 1);
  }
}
