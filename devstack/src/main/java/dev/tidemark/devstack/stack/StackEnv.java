package dev.tidemark.devstack.stack;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/// The file `stack.env`: addresses of a running stack, as `NAME=value` lines that a shell can read.
/// It exists only while the stack runs (or after it crashed). Immutable.
public record StackEnv(Map<String, String> variables) {
  public static final String FILE_NAME = "stack.env";

  /// Pattern of a value that needs no quotes, for a shell or for this reader.
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9._~:/@,?=&%+-]*");

  public StackEnv {
    variables = Collections.unmodifiableMap(new LinkedHashMap<>(variables));
    variables.forEach(
        (name, value) -> {
          if (!PLAIN.matcher(value).matches() || !name.matches("[A-Z][A-Z0-9_]*")) {
            throw new IllegalArgumentException(
                "%s=%s cannot stand in %s without quotes".formatted(name, value, FILE_NAME));
          }
        });
  }

  /// Reads the file; empty when it does not exist.
  public static Optional<StackEnv> read(Path file) {
    try {
      Map<String, String> variables = new LinkedHashMap<>();
      for (String line : Files.readAllLines(file)) {
        int equals = line.indexOf('=');
        if (!line.startsWith("#") && equals > 0) {
          variables.put(line.substring(0, equals), line.substring(equals + 1));
        }
      }
      return Optional.of(new StackEnv(variables));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException | IllegalArgumentException e) {
      throw new StackException("cannot read " + file + ": " + e.getMessage(), e);
    }
  }

  /// Replaces the file in one step: a reader sees the old content or the new.
  public void write(Path file) {
    StringBuilder text =
        new StringBuilder("# Written by `tidemark up`; gone when it has stopped.\n");
    variables.forEach((name, value) -> text.append(name).append('=').append(value).append('\n'));
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    try {
      Files.writeString(fresh, text);
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new StackException("cannot write " + file + ": " + e, e);
    }
  }

  public String require(String name) {
    String value = variables.get(name);
    if (value == null) {
      throw new StackException(FILE_NAME + " has no " + name);
    }
    return value;
  }
}
