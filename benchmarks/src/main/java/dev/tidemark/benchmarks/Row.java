package dev.tidemark.benchmarks;

import dev.tidemark.benchmarks.Comparison.Spread;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/// Figures of a report that belong together, in order. The name of a figure ends in its unit;
/// without one it is a count or a ratio. Confined to one thread.
final class Row {

  /// Precision of figures: more would only be noise.
  private static final MathContext SIGNIFICANT_DIGITS = new MathContext(4);

  private final Map<String, Object> figures = new LinkedHashMap<>();

  Row with(String name, long count) {
    figures.put(name, count);
    return this;
  }

  /// Adds a figure. Leaves out what is no number, for example a ratio to something too small to be
  /// measured.
  Row with(String name, double figure) {
    if (!Double.isFinite(figure)) {
      return this;
    }
    figures.put(name, new BigDecimal(figure).round(SIGNIFICANT_DIGITS).stripTrailingZeros());
    return this;
  }

  Row with(String name, String text) {
    figures.put(name, text);
    return this;
  }

  /// Adds the median under the name itself, and the quartiles beside it.
  Row with(String name, Spread spread) {
    return with(name, spread.median())
        .with(name + "_low", spread.low())
        .with(name + "_high", spread.high());
  }

  Map<String, Object> figures() {
    return Collections.unmodifiableMap(figures);
  }
}
