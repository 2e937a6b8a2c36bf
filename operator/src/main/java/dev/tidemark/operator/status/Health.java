package dev.tidemark.operator.status;

import java.util.Locale;

/// State of a part of the system, the worst last.
enum Health {
  /// No statement about health.
  DETAIL,
  WELL,
  /// A fault, or an unknown state, that stops nothing.
  YELLOW,
  /// A fault that somebody must repair.
  RED;

  /// Returns the name for programs.
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
