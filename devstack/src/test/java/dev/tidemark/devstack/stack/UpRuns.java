package dev.tidemark.devstack.stack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.devstack.Main;
import dev.tidemark.embedded.ChildProcess;
import dev.tidemark.embedded.Jvm;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.awaitility.Awaitility;

/// Runs of `up`, each a process of its own, on one data folder, with real servers and stand-ins for
/// the services. None is left after [#close].
final class UpRuns implements AutoCloseable {
  static final Duration PATIENCE = Duration.ofMinutes(3);

  private static final List<String> PORTS =
      List.of(
          "--api-port",
          "--api-admin-port",
          "--relay-admin-port",
          "--invalidator-admin-port",
          "--postgres-port",
          "--kafka-port",
          "--redis-port");

  private final Path dir;
  private final Path home;
  private final List<ChildProcess> started = new ArrayList<>();

  private UpRuns(Path dir, Path home) {
    this.dir = dir;
    this.home = home;
  }

  /// @param dir for the built tree, the data and the output
  static UpRuns in(Path dir) throws IOException {
    return new UpRuns(dir, StandInService.builtTree(dir.resolve("home")).home());
  }

  Path data() {
    return dir.resolve("data");
  }

  /// Returns the folder that is like a built project.
  Path home() {
    return home;
  }

  /// Starts `up`, on free ports where the options name none.
  ChildProcess up(Map<String, String> environment, String... options) {
    List<String> command = new ArrayList<>(List.of(Jvm.java().toString(), "-cp"));
    command.add(System.getProperty("java.class.path"));
    command.addAll(List.of(Main.class.getName(), "up", "--home", home.toString()));
    command.addAll(List.of("--data", data().toString()));
    for (String port : PORTS) {
      if (!List.of(options).contains(port)) {
        command.addAll(List.of(port, "0"));
      }
    }
    command.addAll(List.of(options));
    String name = "up-" + started.size();
    ChildProcess up =
        ChildProcess.start(
            new ChildProcess.Program(
                name, command, environment, Set.of(), output(name), ChildProcess.StopSignal.TERM));
    started.add(up);
    return up;
  }

  StackEnv awaitUp(ChildProcess up) {
    Awaitility.await("the stack is up")
        .atMost(PATIENCE)
        .failFast(() -> assertThat(up.isAlive()).as(text(up)).isTrue())
        .until(() -> text(up).contains("up after"));
    return env();
  }

  StackEnv env() {
    return StackEnv.read(data().resolve(StackEnv.FILE_NAME)).orElseThrow();
  }

  boolean hasNewProcess(StackEnv former, String part) {
    return !env().require(part + "_PID").equals(former.require(part + "_PID"))
        && process(env(), part).isAlive();
  }

  static ProcessHandle process(StackEnv env, String part) {
    return ProcessHandle.of(Long.parseLong(env.require(part + "_PID"))).orElseThrow();
  }

  /// Returns the output of the run.
  String text(ChildProcess up) {
    try {
      return Files.readString(output(up.name()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path output(String name) {
    return dir.resolve(name + ".log");
  }

  @Override
  public void close() {
    started.forEach(up -> up.stop(Duration.ofSeconds(30)));
    started.forEach(ChildProcess::close);
    OrphanedProcesses.stop(data().resolve(StackEnv.FILE_NAME));
  }
}
