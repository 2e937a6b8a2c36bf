package dev.tidemark.api.http;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// Source of the tokens of writers.
///
/// @param fixed those of `API_TOKEN`; at start also those of the file
/// @param file that is read again when it changes (`API_TOKEN_FILE`)
public record ApiTokens(List<String> fixed, Optional<Path> file) {

  private static final Pattern FORM = Pattern.compile("[\\x21-\\x7E]+");

  public ApiTokens {
    fixed = List.copyOf(fixed);
  }

  /// Returns a text without the tokens.
  @Override
  public String toString() {
    return "ApiTokens[" + fixed.size() + "]";
  }

  public static ApiTokens none() {
    return new ApiTokens(List.of(), Optional.empty());
  }

  /// Reads one or several tokens, separated by commas.
  public static ApiTokens of(String text) {
    return new ApiTokens(parse("API_TOKEN", Arrays.asList(text.split(",", -1))), Optional.empty());
  }

  public static ApiTokens in(Path file) {
    return new ApiTokens(read(file), Optional.of(file));
  }

  /// Reads a file with one token per line. Lines that are empty or begin with `#` do not count.
  ///
  /// @throws IllegalArgumentException when the file cannot be read, or holds none
  static List<String> read(Path file) {
    try {
      List<String> lines =
          Files.readAllLines(file).stream()
              .map(String::strip)
              .filter(line -> !line.isEmpty() && !line.startsWith("#"))
              .toList();
      return parse("API_TOKEN_FILE", lines);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "API_TOKEN_FILE names a file that cannot be read: " + file, e);
    }
  }

  private static List<String> parse(String name, List<String> tokens) {
    if (tokens.isEmpty() || !tokens.stream().allMatch(token -> FORM.matcher(token).matches())) {
      throw new IllegalArgumentException(
          name + " must hold one or more tokens of visible ASCII characters, without spaces");
    }
    return tokens;
  }
}
