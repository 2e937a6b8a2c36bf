package dev.tidemark.embedded;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Command that starts a JVM like this one. `bin/tidemark`, `benchmarks/run` and the Dockerfile
/// give the same options.
public final class Jvm {
  /// Options of every JVM. With the language of the machine, libraries do not recognise `if-match`
  /// (a Turkish I has no dot), and numbers have other digits. A JVM that runs out of memory ends,
  /// so that a supervisor starts it again: its remaining state cannot be relied on.
  private static final List<String> OPTIONS =
      List.of("-Duser.language=", "-Duser.country=", "-XX:+ExitOnOutOfMemoryError");

  private Jvm() {}

  /// Returns the program `java` of this JVM.
  public static Path java() {
    return Path.of(System.getProperty("java.home"), "bin", "java");
  }

  /// Returns the command up to the class path or jar.
  ///
  /// @param options override what this class sets
  public static List<String> command(List<String> options) {
    List<String> command = new ArrayList<>(List.of(java().toString()));
    command.addAll(OPTIONS);
    command.addAll(options);
    return command;
  }
}
