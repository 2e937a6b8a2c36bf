package dev.tidemark.api.store;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.stream.Collectors;

/// Statements that are files of their own, in the program's jar.
final class SqlFile {

  private SqlFile() {}

  static String read(String name) {
    try (InputStream in =
        Objects.requireNonNull(SqlFile.class.getResourceAsStream("/sql/" + name), name)) {
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      // The comments are for readers of the file, not for the server.
      return text.lines()
          .map(line -> line.replaceFirst("--.*", "").strip())
          .filter(line -> !line.isEmpty())
          .collect(Collectors.joining("\n"));
    } catch (IOException e) {
      throw new IllegalStateException("cannot read " + name + " from the program's own jar", e);
    }
  }
}
