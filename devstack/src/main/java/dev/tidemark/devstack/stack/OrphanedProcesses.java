package dev.tidemark.devstack.stack;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Processes of a stack whose `up` was killed: they run in sessions of their own and live on. They
/// are found by the pids in `stack.env`.
final class OrphanedProcesses {
  private static final Duration GRACE = Duration.ofSeconds(5);

  /// Precision of the start times of processes, which is about a second.
  private static final Duration CLOCK_SLACK = Duration.ofSeconds(2);

  /// Names of the stack's processes. Services are stopped before the servers that they use.
  private static final List<Program> SERVICES =
      List.of(
          new Program("PRODUCT_API", "java"),
          new Program("OUTBOX_RELAY", "java"),
          new Program("INVALIDATOR", "java"));

  private static final List<Program> SERVERS =
      List.of(
          new Program("REDIS", "redis-server"),
          new Program("KAFKA", "java"),
          new Program("POSTGRES", "postgres"));

  private record Program(String variable, String command) {}

  private OrphanedProcesses() {}

  /// Stops the processes of an earlier stack that still run. The caller holds the lock of its
  /// folder.
  ///
  /// @return how many were stopped
  static int stop(Path stackEnv) {
    Optional<StackEnv> env = StackEnv.read(stackEnv);
    if (env.isEmpty()) {
      return 0;
    }
    Instant written = lastWritten(stackEnv);
    int stopped =
        stop(running(SERVICES, env.get(), written)) + stop(running(SERVERS, env.get(), written));
    try {
      Files.deleteIfExists(stackEnv);
    } catch (IOException e) {
      throw new StackException("cannot remove " + stackEnv + ": " + e, e);
    }
    return stopped;
  }

  private static List<ProcessHandle> running(
      List<Program> programs, StackEnv env, Instant written) {
    List<ProcessHandle> found = new ArrayList<>();
    for (Program program : programs) {
      String pid = env.variables().get(program.variable() + "_PID");
      if (pid != null) {
        ProcessHandle.of(Long.parseLong(pid))
            .filter(process -> isOurs(process, program.command(), written))
            .ifPresent(found::add);
      }
    }
    return found;
  }

  /// Returns whether the process is the stack's: a pid is used again some day. The file is written
  /// after each start, so a process that began later is another one.
  private static boolean isOurs(ProcessHandle process, String command, Instant written) {
    ProcessHandle.Info info = process.info();
    boolean sameProgram = info.command().map(path -> Path.of(path).endsWith(command)).orElse(false);
    boolean startedBefore =
        info.startInstant().map(start -> start.isBefore(written.plus(CLOCK_SLACK))).orElse(false);
    return sameProgram && startedBefore;
  }

  private static int stop(List<ProcessHandle> processes) {
    processes.forEach(ProcessHandle::destroy);
    processes.forEach(OrphanedProcesses::awaitEnd);
    return processes.size();
  }

  private static void awaitEnd(ProcessHandle process) {
    try {
      process.onExit().get(GRACE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      process.destroyForcibly();
      process.onExit().join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException e) {
      throw new IllegalStateException("cannot wait for pid " + process.pid(), e);
    }
  }

  private static Instant lastWritten(Path file) {
    try {
      return Files.getLastModifiedTime(file).toInstant();
    } catch (IOException e) {
      throw new StackException("cannot read " + file + ": " + e, e);
    }
  }
}
