package dev.tidemark.api;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// A program that the machine may have, run to its end.
///
/// @param output all that it has said
public record ForeignProgram(int exitCode, String output) {

  private static final Duration LONGEST = Duration.ofSeconds(60);

  /// Runs a program; empty when the machine has none of this name.
  public static Optional<ForeignProgram> run(String... command) throws IOException {
    return run(Map.of(), command);
  }

  public static Optional<ForeignProgram> run(Map<String, String> environment, String... command)
      throws IOException {
    Path said = Files.createTempFile("foreign-program-", ".txt");
    try {
      ProcessBuilder builder =
          new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(said.toFile());
      builder.environment().putAll(environment);
      Process process;
      try {
        process = builder.start();
      } catch (IOException e) {
        return Optional.empty();
      }
      process.getOutputStream().close();
      int exitCode = exitCode(process);
      return Optional.of(new ForeignProgram(exitCode, Files.readString(said)));
    } finally {
      Files.delete(said);
    }
  }

  private static int exitCode(Process process) throws IOException {
    try {
      if (process.waitFor(LONGEST.toSeconds(), TimeUnit.SECONDS)) {
        return process.exitValue();
      }
      throw new IOException(process.info().commandLine().orElse("it") + " does not end");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }
}
