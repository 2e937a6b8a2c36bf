package dev.tidemark.operator.status;

import java.util.Locale;

/// How a part of the system is, the worst last.
enum Health {
  /// Says nothing about health.
  DETAIL,
  WELL,
  /// Not as it should be, or not known; nothing stands still for that reason.
  YELLOW,
  /// Somebody has to do something.
  RED;

  /// For programs.
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
