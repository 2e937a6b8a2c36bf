package dev.tidemark.service.settings;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/// A variable of the environment that a program reads: one declaration parses its value, makes its
/// name known, and is an entry of `--help`.
///
/// @param label the name in the help text; of a family of variables its form
/// @param names all variables that belong to it
/// @param help what it sets, with its default
/// @param reader gets the whole environment
public record Setting<T>(String label, Set<String> names, String help, Reader<T> reader) {

  private static final int LARGEST_PORT = 65_535;
  private static final Pattern ANY_TEXT = Pattern.compile("(?s).*");

  /// Reads one value.
  @FunctionalInterface
  public interface Reader<T> {

    /// Reads the value.
    ///
    /// @throws IllegalArgumentException naming the variable and what is allowed
    T read(Map<String, String> environment);
  }

  public Setting {
    names = Set.copyOf(names);
  }

  /// Returns the value in an environment.
  ///
  /// @throws IllegalArgumentException naming the variable and what is allowed
  public T from(Map<String, String> environment) {
    return reader.read(environment);
  }

  /// Returns the same setting, which may be missing.
  public Setting<Optional<T>> optional(String otherHelp) {
    return new Setting<>(
        label,
        names,
        otherHelp,
        environment ->
            names.stream().anyMatch(environment::containsKey)
                ? Optional.of(from(environment))
                : Optional.empty());
  }

  /// Returns a setting with a reader of its own.
  public static <T> Setting<T> read(String name, String help, Reader<T> reader) {
    return new Setting<>(name, Set.of(name), help, reader);
  }

  /// Returns an entry for variables that occur only in the help text; other code reads them.
  public static Setting<Boolean> note(String label, String help) {
    return new Setting<>(label, Set.of(), help, environment -> false);
  }

  /// Returns a setting whose value has a type of its own.
  ///
  /// @param parser gives nothing for a text that is not allowed
  /// @param form of an allowed text, for the message about another
  public static <T> Setting<T> of(
      String name, T standard, Function<String, Optional<T>> parser, String form, String help) {
    return read(
        name,
        help,
        environment ->
            Optional.ofNullable(environment.get(name))
                .map(text -> parsed(name, text, parser, form))
                .orElse(standard));
  }

  private static <T> T parsed(
      String name, String text, Function<String, Optional<T>> parser, String form) {
    return parser
        .apply(text.strip())
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "%s is \"%s\", but must be %s".formatted(name, text, form)));
  }

  /// Returns a setting that is a whole number.
  public static Setting<Integer> number(
      String name, int standard, int least, int most, String help) {
    return of(
        name,
        standard,
        text -> number(text).filter(within(least, most)),
        "a number from %d to %d".formatted(least, most),
        "%s (%d, from %d to %d)".formatted(help, standard, least, most));
  }

  static Optional<Integer> number(String text) {
    try {
      return Optional.of(Integer.parseInt(text));
    } catch (NumberFormatException notANumber) {
      return Optional.empty();
    }
  }

  private static Predicate<Integer> within(int least, int most) {
    return number -> number >= least && number <= most;
  }

  /// Returns a setting that is a port to listen on; 0 stands for any that is free.
  public static Setting<Integer> port(String name, int standard, String help) {
    return of(
        name,
        standard,
        text -> number(text).filter(within(0, LARGEST_PORT)),
        "a port from 0 to " + LARGEST_PORT,
        "%s (%d; 0: any that is free)".formatted(help, standard));
  }

  /// Returns a setting that is a time: a plain number counts the unit at the end of the variable's
  /// name, and `500ms`, `45s`, `5m`, `2h`, `1d` state it themselves.
  public static Setting<Duration> time(
      String name, ChronoUnit unit, int standard, int least, int most, String help) {
    return of(
        name,
        Duration.of(standard, unit),
        text ->
            TimeSpan.parse(text, unit)
                .filter(
                    time ->
                        time.compareTo(Duration.of(least, unit)) >= 0
                            && time.compareTo(Duration.of(most, unit)) <= 0),
        "a number from %d to %d, or a time like 500ms, 45s, 5m, 2h, 1d".formatted(least, most),
        "%s (%d, from %d to %d)".formatted(help, standard, least, most));
  }

  /// Returns a setting that is true or false.
  public static Setting<Boolean> flag(String name, String help) {
    return choice(name, "false", Map.of("true", true, "false", false), help);
  }

  /// Returns a setting that is one of several words.
  public static <T> Setting<T> choice(
      String name, String standard, Map<String, T> values, String help) {
    return of(
        name,
        Objects.requireNonNull(values.get(standard)),
        text -> Optional.ofNullable(values.get(text)),
        "one of " + String.join(", ", values.keySet().stream().sorted().toList()),
        "%s (%s)".formatted(help, standard));
  }

  /// Returns a setting that is a text, and not empty.
  public static Setting<String> text(String name, String standard, String help) {
    return matching(name, standard, ANY_TEXT, help);
  }

  /// Returns a setting that is a text of a given form, and not empty.
  public static Setting<String> matching(String name, String standard, Pattern form, String help) {
    return of(
        name,
        standard,
        text -> Optional.of(text).filter(one -> !one.isEmpty() && form.matcher(one).matches()),
        form.equals(ANY_TEXT) ? "a text that is not empty" : "of the form " + form,
        "%s (%s)".formatted(help, standard));
  }

  /// Returns a setting that is a text without a default.
  public static Setting<String> required(String name, String help) {
    return read(
        name,
        help,
        environment -> {
          String text = environment.getOrDefault(name, "").strip();
          if (text.isEmpty()) {
            throw new IllegalArgumentException(name + " is not set");
          }
          return text;
        });
  }

  private static <T> T named(String name, String text, Function<String, T> parser) {
    if (text.isBlank()) {
      throw new IllegalArgumentException(name + " is empty");
    }
    try {
      return parser.apply(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
    }
  }

  /// Returns a setting that is a secret, or the file that holds it; see [Secret].
  ///
  /// @param parser throws when it is none; its message never holds the secret
  public static <T> Setting<T> secret(String name, String help, Function<String, T> parser) {
    return new Setting<>(
        name,
        Set.of(name, name + Secret.FILE),
        help,
        environment ->
            Secret.read(name, environment)
                .map(text -> named(name, text, parser))
                .orElseThrow(() -> new IllegalArgumentException(name + " is not set")));
  }
}
