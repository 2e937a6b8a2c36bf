package dev.tidemark.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemark.embedded.ChildProcess;
import dev.tidemark.embedded.Jvm;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// A carrier that is a JVM of its own.
record CarrierProcess(ChildProcess process) implements Carrier {

  private static final Duration GRACE = Duration.ofSeconds(30);
  private static final int KIBI = 1024;

  /// Starts a program that is on this JVM's class path.
  static CarrierProcess start(
      String name,
      List<String> jvmOptions,
      List<String> program,
      Map<String, String> environment,
      Path log) {
    List<String> command = new ArrayList<>(Jvm.command(jvmOptions));
    command.add("--enable-native-access=ALL-UNNAMED");
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(program);
    return new CarrierProcess(
        ChildProcess.start(
            new ChildProcess.Program(
                name, command, environment, Set.of(), log, ChildProcess.StopSignal.TERM)));
  }

  @Override
  public boolean isAlive() {
    return process.isAlive();
  }

  @Override
  public Duration cpu() {
    return ProcessHandle.of(process.pid())
        .flatMap(handle -> handle.info().totalCpuDuration())
        .orElseThrow(() -> new IllegalStateException(process.name() + " has ended"));
  }

  @Override
  public long residentBytes() throws IOException {
    Process ps = new ProcessBuilder("ps", "-o", "rss=", "-p", Long.toString(process.pid())).start();
    try (var output = ps.getInputStream()) {
      return Long.parseLong(new String(output.readAllBytes(), UTF_8).strip()) * KIBI;
    }
  }

  @Override
  public String lastWords() {
    return process.logTail();
  }

  @Override
  public void close() {
    process.stop(GRACE);
    process.close();
  }
}
