package dev.tidemark.embedded;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// One running program, started by this JVM, that writes to a log file.
///
/// It has its own session, so that Ctrl-C in a terminal (which signals the whole foreground group)
/// reaches only this JVM, and this JVM decides who stops when. A JVM that ends normally stops the
/// children it still has.
///
/// Thread-safe.
public final class ChildProcess implements AutoCloseable {
  private static final int TAIL_BYTES = 4_000;
  private static final Duration EXIT_GRACE = Duration.ofSeconds(8);
  private static final Duration KILL_WAIT = Duration.ofSeconds(10);
  private static final int POLL_MILLIS = 10;

  /// Pattern of the first words with which PostgreSQL, Redis, a JVM and this project's programs
  /// report a fault.
  private static final Pattern FAULT =
      Pattern.compile("\\b(ERROR|FATAL|PANIC)\\b| # |^Error|^Exception in |\\bfailed\\b");

  /// Pattern of a wrong setting. PostgreSQL names each wrong setting before the fault that counts,
  /// which names none.
  private static final Pattern WRONG_SETTING = Pattern.compile("\\bLOG: .*(parameter|in file) \"");

  private static final Pattern STACK_FRAME = Pattern.compile("\\s+(at |\\.\\.\\. \\d+ )");

  /// Number of lines of a fault: the fault, and the hint or cause that follows it.
  private static final int FAULT_LINES = 3;

  private static final boolean ON_LINUX = System.getProperty("os.name").startsWith("Linux");

  /// Signal that asks a program to stop.
  public enum StopSignal {
    /// The usual request.
    TERM,
    /// PostgreSQL's fast shutdown, which does not wait until its clients leave.
    INT
  }

  /// A program to start.
  ///
  /// @param name how messages call it
  /// @param command the program and its arguments
  /// @param environment added to the environment of this JVM
  /// @param withheld variables of this JVM's environment that the program does not get
  /// @param log standard output and standard error are appended to it
  public record Program(
      String name,
      List<String> command,
      Map<String, String> environment,
      Set<String> withheld,
      Path log,
      StopSignal stopSignal) {
    public Program {
      command = List.copyOf(command);
      environment = Map.copyOf(environment);
      withheld = Set.copyOf(withheld);
      if (command.isEmpty()) {
        throw new IllegalArgumentException("no command to start " + name);
      }
    }
  }

  private final Program program;
  private final Process process;
  private final long logStart;
  private final Thread exitHook;

  private ChildProcess(Program program, Process process, long logStart) {
    this.program = program;
    this.process = process;
    this.logStart = logStart;
    this.exitHook = new Thread(() -> stop(EXIT_GRACE), "stop-" + program.name());
  }

  /// Starts the program and returns at once.
  public static ChildProcess start(Program program) {
    try {
      Files.createDirectories(program.log().toAbsolutePath().getParent());
      File log = program.log().toFile();
      List<String> command = new ArrayList<>(ownSession());
      command.addAll(program.command());
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .redirectInput(new File("/dev/null"))
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log));
      builder.environment().keySet().removeAll(program.withheld());
      // Folders may have any name; on macOS they may in any case.
      if (ON_LINUX) {
        builder.environment().put("LC_ALL", "C.UTF-8");
      }
      builder.environment().putAll(program.environment());
      long logStart = log.length();
      ChildProcess child = new ChildProcess(program, builder.start(), logStart);
      Runtime.getRuntime().addShutdownHook(child.exitHook);
      return child;
    } catch (IOException e) {
      throw new ServerStartException(
          "cannot start %s with %s: %s"
              .formatted(program.name(), program.command().getFirst(), e.getMessage()),
          e);
    }
  }

  /// Waits until the program is ready.
  ///
  /// @param timeout longer on a busy machine, see [Patience]
  /// @throws ServerStartException with the program's last error, when it ends or time runs out; it
  ///   is then no longer running
  public ChildProcess awaitReady(BooleanSupplier ready, Duration timeout) {
    Patience patience = new Patience(timeout);
    while (!ready.getAsBoolean()) {
      if (awaitExit(Duration.ofMillis(POLL_MILLIS))) {
        close();
        throw endedWhileStarting();
      }
      if (patience.isOver()) {
        kill();
        close();
        throw new ServerStartException(
            "%s was not ready within %d s: %s. See %s"
                .formatted(
                    program.name(), patience.limit().toSeconds(), lastError(), program.log()));
      }
    }
    return this;
  }

  /// Returns the exception for a program that ended before it was ready.
  public ServerStartException endedWhileStarting() {
    return new ServerStartException(
        "%s ended with exit code %d while it started: %s. See %s"
            .formatted(program.name(), process.exitValue(), lastError(), program.log()));
  }

  public String name() {
    return program.name();
  }

  public long pid() {
    return process.pid();
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  /// Returns a future that completes with the exit code when the program has ended.
  public CompletableFuture<Integer> exit() {
    return process.onExit().thenApply(Process::exitValue);
  }

  /// Sends SIGKILL to the program and everything it started. Returns when the program is gone.
  public void kill() {
    if (isAlive()) {
      // A stopped process starts no process that would be missed below. PostgreSQL forks one for
      // each client, and one that waits for a lock of a killed one lives on, and keeps the server
      // from starting again.
      signal("STOP");
    }
    List<ProcessHandle> descendants = process.descendants().toList();
    process.destroyForcibly();
    descendants.forEach(ProcessHandle::destroyForcibly);
    if (!awaitExit(KILL_WAIT) && !Thread.currentThread().isInterrupted()) {
      throw new IllegalStateException(
          "%s (pid %d) is still there after SIGKILL".formatted(program.name(), pid()));
    }
  }

  /// Asks the program to stop, waits, and kills it when the time is over.
  public void stop(Duration grace) {
    if (isAlive()) {
      requestStop();
      if (!awaitExit(grace)) {
        kill();
      }
    }
  }

  /// Kills the program if it still runs.
  @Override
  public void close() {
    if (isAlive()) {
      kill();
    }
    try {
      Runtime.getRuntime().removeShutdownHook(exitHook);
    } catch (IllegalStateException e) {
      // This JVM is already ending: the hook finds a program that is gone.
    }
  }

  /// Returns the end of what this run wrote to its log; empty when that cannot be read.
  public String logTail() {
    try (RandomAccessFile log = new RandomAccessFile(program.log().toFile(), "r")) {
      long from = Math.max(logStart, log.length() - TAIL_BYTES);
      byte[] tail = new byte[Math.toIntExact(Math.max(0, log.length() - from))];
      log.seek(from);
      log.readFully(tail);
      return new String(tail, StandardCharsets.UTF_8).stripTrailing();
    } catch (IOException e) {
      return "";
    }
  }

  /// Returns the last fault that this run wrote to its log, without stack frames; where it names
  /// none, the last line.
  public String lastError() {
    return lastError(logTail());
  }

  static String lastError(String log) {
    List<String> lines =
        log.lines()
            .filter(line -> !line.isBlank() && !STACK_FRAME.matcher(line).lookingAt())
            .toList();
    int last = lines.size() - 1;
    int fault = last;
    while (fault >= 0 && !FAULT.matcher(lines.get(fault)).find()) {
      fault--;
    }
    if (last < 0) {
      return "it wrote nothing";
    }
    int from = fault < 0 ? last : fault;
    int end = from + FAULT_LINES;
    while (from > 0 && WRONG_SETTING.matcher(lines.get(from - 1)).find()) {
      from--;
    }
    return lines.subList(from, Math.min(end, lines.size())).stream()
        .map(String::strip)
        .collect(Collectors.joining(" "));
  }

  private void requestStop() {
    switch (program.stopSignal()) {
      case TERM -> process.destroy();
      case INT -> signal("INT");
    }
  }

  /// Sends any signal; Java itself can only send TERM and KILL.
  ///
  /// @param name as `kill` knows it: `STOP`, `CONT`, …
  public void signal(String name) {
    try {
      new ProcessBuilder("sh", "-c", "kill -$0 $1", name, Long.toString(pid()))
          .redirectErrorStream(true)
          .start()
          .waitFor();
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot send %s to %s (pid %d)".formatted(name, program.name(), pid()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Waits for the end of the program. Returns false when it still runs after that time, or when
  /// this thread is interrupted.
  public boolean awaitExit(Duration time) {
    try {
      return process.waitFor(time.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return !process.isAlive();
    }
  }

  /// Returns the prefix of a command that gives it its own session under the same pid. Linux has
  /// setsid; macOS has Perl, which can do the same.
  private static List<String> ownSession() {
    for (String setsid : List.of("/usr/bin/setsid", "/bin/setsid")) {
      if (Files.isExecutable(Path.of(setsid))) {
        return List.of(setsid);
      }
    }
    if (Files.isExecutable(Path.of("/usr/bin/perl"))) {
      return List.of(
          "/usr/bin/perl", "-e", "use POSIX; POSIX::setsid(); exec {$ARGV[0]} @ARGV or exit 127;");
    }
    return List.of();
  }
}
