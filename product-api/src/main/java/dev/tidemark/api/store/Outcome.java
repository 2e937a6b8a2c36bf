package dev.tidemark.api.store;

import java.util.Locale;

/// Result for one product of a write, as write.sql returns it.
enum Outcome {
  CREATED,
  UPDATED,
  UNCHANGED,
  REFUSED,
  /// The write did nothing yet. The same must be tried again.
  RACED;

  static Outcome named(String name) {
    return valueOf(name.toUpperCase(Locale.ROOT));
  }
}
