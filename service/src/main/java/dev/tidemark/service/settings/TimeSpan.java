package dev.tidemark.service.settings;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Optional;

/// A time as people write it: `500ms`, `45s`, `5m`, `2h`, `1d`, `1h30m`.
public final class TimeSpan {

  private static final String FORM = "(\\d{1,6}d)?(\\d{1,6}h)?(\\d{1,6}m)?(\\d{1,6}s)?";
  private static final String MILLIS = "\\d{1,9}ms";
  private static final String PLAIN = "\\d{1,9}";

  private TimeSpan() {}

  /// Reads a time.
  ///
  /// @param plain the unit of a plain number
  /// @return empty when it is none
  public static Optional<Duration> parse(String text, ChronoUnit plain) {
    if (text.matches(PLAIN)) {
      return Optional.of(Duration.of(Long.parseLong(text), plain));
    }
    return withUnit(text);
  }

  /// Reads a time that is no plain number.
  ///
  /// @return empty when it is none
  public static Optional<Duration> withUnit(String text) {
    if (text.matches(MILLIS)) {
      return Optional.of(Duration.ofMillis(Long.parseLong(text.substring(0, text.length() - 2))));
    }
    if (!text.matches(FORM) || text.isEmpty()) {
      return Optional.empty();
    }
    String upper = text.toUpperCase(Locale.ROOT);
    int days = upper.indexOf('D') + 1;
    String time = upper.substring(days);
    String iso = "P" + upper.substring(0, days) + (time.isEmpty() ? "" : "T" + time);
    return Optional.of(Duration.parse(iso));
  }
}
