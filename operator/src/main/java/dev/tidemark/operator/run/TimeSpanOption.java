package dev.tidemark.operator.run;

import dev.tidemark.service.settings.TimeSpan;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// Value of an option that is a time. A plain number counts seconds.
public final class TimeSpanOption implements ITypeConverter<Duration> {

  @Override
  public Duration convert(String text) {
    return TimeSpan.parse(text, ChronoUnit.SECONDS)
        .orElseThrow(
            () ->
                new TypeConversionException(
                    "'%s' is no time like 45s, 5m, 2h or 1d".formatted(text)));
  }

  /// Returns the text that [#convert] reads.
  public static String text(Duration span) {
    return span.toSeconds() + "s";
  }
}
