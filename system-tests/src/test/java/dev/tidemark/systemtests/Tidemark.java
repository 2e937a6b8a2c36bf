package dev.tidemark.systemtests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// The command `bin/tidemark`, as its users type it.
final class Tidemark {
  private Tidemark() {}

  /// Result of a command; both outputs in one.
  record Result(int code, String output) {}

  /// Starts the command with the programs of this build.
  ///
  /// @param environment added to this JVM's
  static Process start(Path output, Map<String, String> environment, List<String> arguments)
      throws IOException {
    declareBuilt();
    Files.createDirectories(output.getParent());
    var line = new ArrayList<>(List.of(StackProcess.PROJECT.resolve("bin/tidemark").toString()));
    line.addAll(arguments);
    var builder =
        new ProcessBuilder(line)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()));
    builder.environment().putAll(environment);
    return builder.start();
  }

  static Result run(Path folder, Map<String, String> environment, String... arguments)
      throws IOException, InterruptedException {
    var output = Files.createTempFile(folder, "tidemark", ".out");
    var process = start(output, environment, List.of(arguments));
    if (!process.waitFor(2, TimeUnit.MINUTES)) {
      process.destroyForcibly();
      throw new AssertionError("it did not end: " + Files.readString(output));
    }
    return new Result(process.exitValue(), Files.readString(output));
  }

  /// Sets the times of the jars: Maven does not touch a jar whose content did not change, and the
  /// command would consider it old, and build within this build.
  static void declareBuilt() throws IOException {
    var now = FileTime.from(Instant.now());
    try (Stream<Path> modules = Files.list(StackProcess.PROJECT)) {
      for (var app : modules.map(module -> module.resolve("target/app")).toList()) {
        if (Files.isDirectory(app)) {
          try (Stream<Path> jars = Files.walk(app)) {
            for (var jar : jars.filter(file -> file.toString().endsWith(".jar")).toList()) {
              Files.setLastModifiedTime(jar, now);
            }
          }
        }
      }
    }
  }
}
