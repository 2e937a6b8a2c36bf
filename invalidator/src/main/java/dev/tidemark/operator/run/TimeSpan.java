package dev.tidemark.operator.run;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// A time as an operator writes it: `45s`, `5m`, `2h`, `1d`, `1h30m`, or a plain number of seconds.
public final class TimeSpan implements ITypeConverter<Duration> {

  private static final String FORM = "(\\d{1,6}d)?(\\d{1,6}h)?(\\d{1,6}m)?(\\d{1,6}s)?";

  @Override
  public Duration convert(String text) {
    Optional<Duration> span =
        text.matches("\\d{1,9}") ? Optional.of(Duration.ofSeconds(Long.parseLong(text))) : of(text);
    return span.orElseThrow(
        () ->
            new TypeConversionException("'%s' is no time like 45s, 5m, 2h or 1d".formatted(text)));
  }

  /// With a unit.
  public static Optional<Duration> of(String text) {
    if (!text.matches(FORM) || text.isEmpty()) {
      return Optional.empty();
    }
    String upper = text.toUpperCase(Locale.ROOT);
    int days = upper.indexOf('D') + 1;
    String time = upper.substring(days);
    String iso = "P" + upper.substring(0, days) + (time.isEmpty() ? "" : "T" + time);
    return Optional.of(Duration.parse(iso));
  }

  /// As [#convert] reads it.
  public static String text(Duration span) {
    return span.toSeconds() + "s";
  }
}
