package dev.tidemark.service.settings;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/// A secret from the environment: `NAME` itself, or the content of the file that `NAME_FILE` names,
/// without its final line break.
public final class Secret {

  static final String FILE = "_FILE";

  private Secret() {}

  /// Reads a secret; empty where neither variable is set.
  ///
  /// @throws IllegalArgumentException naming the variables, when both are set, or the file cannot
  ///   be read
  public static Optional<String> read(String name, Map<String, String> environment) {
    String fileVariable = name + FILE;
    String value = environment.get(name);
    String file = environment.get(fileVariable);
    if (file == null) {
      return Optional.ofNullable(value);
    }
    if (value != null) {
      throw new IllegalArgumentException(
          name + " and " + fileVariable + " are both set; give one of them");
    }
    try {
      return Optional.of(Files.readString(Path.of(file)).stripTrailing());
    } catch (IOException e) {
      throw new IllegalArgumentException(
          fileVariable + " names a file that cannot be read: " + file, e);
    }
  }
}
