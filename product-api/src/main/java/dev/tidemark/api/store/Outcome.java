package dev.tidemark.api.store;

import java.util.Locale;

/// What became of one product of a write, as write.sql tells it.
enum Outcome {
  CREATED,
  UPDATED,
  UNCHANGED,
  REFUSED,
  /// Nothing yet: the same must be tried again.
  RACED;

  static Outcome named(String name) {
    return valueOf(name.toUpperCase(Locale.ROOT));
  }
}
