package dev.tidemark.api.product;

import dev.tidemark.api.problem.Violation;
import java.util.List;

/// Result of reading a product.
public sealed interface Parsed {

  record Valid(Product product) implements Parsed {}

  /// A JSON object that is not a product.
  record Invalid(List<Violation> violations) implements Parsed {
    public Invalid {
      violations = List.copyOf(violations);
    }
  }

  /// A text that is not one JSON object in UTF-8.
  ///
  /// @param cut whether it is JSON as far as it goes, and ends too early
  record Malformed(String detail, boolean cut) implements Parsed {}
}
