package dev.tidemark.api;

import java.util.List;

/// What came of reading a product.
sealed interface Parsed {

  record Valid(Product product) implements Parsed {}

  /// A JSON object that is not a product.
  record Invalid(List<Violation> violations) implements Parsed {
    public Invalid {
      violations = List.copyOf(violations);
    }
  }

  /// Not one JSON object in UTF-8.
  record Malformed(String detail) implements Parsed {}
}
