package dev.tidemark.operator.topics;

import dev.tidemark.service.settings.TimeSpan;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/// Position at which the reading of topics begins. Its text form can be read by [#parse].
public sealed interface ScanStart {

  /// Begins with the oldest record that is still there.
  record Beginning() implements ScanStart {
    @Override
    public String toString() {
      return "beginning";
    }
  }

  /// Begins with the first record of that time or later.
  record At(Instant time) implements ScanStart {
    @Override
    public String toString() {
      return time.toString();
    }
  }

  /// Begins in every partition with this offset.
  record Offset(long offset) implements ScanStart {
    @Override
    public String toString() {
      return Long.toString(offset);
    }
  }

  /// Begins with these offsets. A partition that is not named is not read.
  record Offsets(SortedMap<Partition, Long> offsets) implements ScanStart {

    @Override
    public String toString() {
      return offsets.entrySet().stream()
          .map(entry -> entry.getKey() + ":" + entry.getValue())
          .collect(Collectors.joining(","));
    }
  }

  /// A partition as an operator names it.
  ///
  /// @param topic empty: the one topic there is
  record Partition(String topic, int number) implements Comparable<Partition> {
    @Override
    public int compareTo(Partition other) {
      int byTopic = topic.compareTo(other.topic);
      return byTopic != 0 ? byTopic : Integer.compare(number, other.number);
    }

    @Override
    public String toString() {
      return topic.isEmpty() ? Integer.toString(number) : topic + ":" + number;
    }
  }

  /// Reads the value of the option `--from`.
  ///
  /// @throws ParameterException with the allowed forms
  static ScanStart from(CommandSpec spec, String text, Clock clock) {
    try {
      return parse(text, clock.instant());
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--from: " + e.getMessage(), e);
    }
  }

  /// Reads the text of an operator.
  ///
  /// @param now time from which a duration in the past counts
  /// @throws IllegalArgumentException with the allowed forms
  static ScanStart parse(String text, Instant now) {
    if (text.equals("beginning")) {
      return new Beginning();
    }
    return offset(text)
        .<ScanStart>map(Offset::new)
        .or(() -> offsets(text))
        .or(() -> TimeSpan.withUnit(text).map(time -> new At(now.minus(time))))
        .or(() -> time(text).map(At::new))
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "'%s' is none of beginning, a time (2026-11-26T03:00:00Z, 2026-11-26T03:00), how long ago (15m, 2h, 1d), an offset (1200), partition:offset[,partition:offset] (0:1200,1:980)"
                        .formatted(text)));
  }

  private static Optional<Long> offset(String text) {
    try {
      return text.matches("\\d{1,19}") ? Optional.of(Long.parseLong(text)) : Optional.empty();
    } catch (NumberFormatException tooLarge) {
      return Optional.empty();
    }
  }

  private static Optional<ScanStart> offsets(String text) {
    Pattern one = Pattern.compile("(?:([A-Za-z0-9._-]+):)?(\\d{1,9}):(\\d{1,18})");
    SortedMap<Partition, Long> offsets = new TreeMap<>();
    for (String part : Arrays.asList(text.split(",", -1))) {
      Matcher matcher = one.matcher(part.strip());
      if (!matcher.matches()) {
        return Optional.empty();
      }
      @Nullable String topic = matcher.group(1);
      offsets.put(
          new Partition(topic == null ? "" : topic, Integer.parseInt(matcher.group(2))),
          Long.parseLong(matcher.group(3)));
    }
    return Optional.of(new Offsets(offsets));
  }

  private static Optional<Instant> time(String text) {
    try {
      return Optional.of(OffsetDateTime.parse(text).toInstant());
    } catch (DateTimeParseException hasNoOffset) {
      try {
        return Optional.of(LocalDateTime.parse(text).atZone(ZoneId.systemDefault()).toInstant());
      } catch (DateTimeParseException notATime) {
        return Optional.empty();
      }
    }
  }
}
