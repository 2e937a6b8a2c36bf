package dev.tidemark.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// A PostgreSQL 18 server with durable commits, logical decoding, and the database `tidemark`.
/// Every local user may log in as anyone (`trust`). It listens on 127.0.0.1 only.
public final class PostgresServer extends EmbeddedServer {
  static final Duration START_TIMEOUT = Duration.ofSeconds(60);
  static final String DATABASE = "tidemark";
  static final String SUPERUSER = "postgres";

  /// Message of a server that starts while processes of its predecessor are still there. After a
  /// crash, the processes that served clients may need a moment to notice; until then the server
  /// refuses to start.
  private static final String PREDECESSOR_STILL_THERE = "pre-existing shared memory block";

  private static final Map<String, String> SETTINGS =
      Map.ofEntries(
          Map.entry("listen_addresses", "127.0.0.1"),
          Map.entry("unix_socket_directories", ""),
          // Without these two, commit times mean nothing, and data do not outlive the machine.
          Map.entry("fsync", "on"),
          Map.entry("synchronous_commit", "on"),
          Map.entry("wal_level", "logical"),
          Map.entry("max_replication_slots", "20"),
          Map.entry("max_wal_senders", "20"),
          Map.entry("max_connections", "200"),
          Map.entry("shared_buffers", "64MB"),
          Map.entry("jit", "off"),
          Map.entry("timezone", "UTC"),
          Map.entry("log_timezone", "UTC"));

  final UnprivilegedUser user;
  final Map<String, String> settings;

  PostgresServer(Path dir, Path log, int port, UnprivilegedUser user, Map<String, String> others) {
    super("PostgreSQL", dir, log, port);
    this.user = user;
    this.settings = new HashMap<>(SETTINGS);
    this.settings.putAll(others);
  }

  /// Starts a server, with a new database if the folder has none, and returns when it answers.
  ///
  /// @param port 0 picks a free one
  public static PostgresServer start(Path dir, int port) {
    return start(dir, dir.resolve("postgresql.log"), port);
  }

  /// Starts a server as the other `start` does, which leaves it to the operating system when its
  /// data reach the disk. They outlive a kill of the server as well, but no crash of the machine. A
  /// commit, and the start after a kill, take a fraction of the time: for tests.
  public static PostgresServer startWithoutFsync(Path dir, int port) {
    return start(dir, port, Map.of("fsync", "off"));
  }

  /// Starts a server as the other `start` does, with settings that override what this class sets.
  public static PostgresServer start(Path dir, int port, Map<String, String> settings) {
    return start(dir, dir.resolve("postgresql.log"), port, UnprivilegedUser.find(), settings);
  }

  /// Starts a server as the other `start` does, with the log elsewhere.
  public static PostgresServer start(Path dir, Path log, int port) {
    return start(dir, log, port, UnprivilegedUser.find());
  }

  static PostgresServer start(Path dir, Path log, int port, UnprivilegedUser user) {
    return start(dir, log, port, user, Map.of());
  }

  private static PostgresServer start(
      Path dir, Path log, int port, UnprivilegedUser user, Map<String, String> settings) {
    PostgresServer server = new PostgresServer(dir, log, port, user, settings);
    server.start();
    return server;
  }

  /// Returns the address of the database `tidemark` as superuser, in libpq form.
  public String url() {
    return "postgresql://%s@127.0.0.1:%d/%s".formatted(SUPERUSER, port(), DATABASE);
  }

  /// Returns the same address for JDBC.
  public String jdbcUrl() {
    return "jdbc:postgresql://127.0.0.1:%d/%s?user=%s".formatted(port(), DATABASE, SUPERUSER);
  }

  @Override
  ChildProcess launch() {
    Path programs = Binaries.postgres(user.programCache()).resolve("bin");
    Path data = dir().resolve("data");
    try {
      if (!Files.exists(data)) {
        initialise(programs, data);
      }
      user.own(data);
      removeStalePidFile(data);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot prepare PostgreSQL's data folder " + data, e);
    }
    List<String> command =
        new ArrayList<>(List.of(programs.resolve("postgres").toString(), "-D", data.toString()));
    command.addAll(List.of("-p", Integer.toString(port())));
    settings.forEach((setting, value) -> command.addAll(List.of("-c", setting + "=" + value)));

    long deadline = System.nanoTime() + START_TIMEOUT.toNanos();
    while (true) {
      ChildProcess process = ChildProcess.start(program("PostgreSQL", command));
      try {
        return process.awaitReady(() -> isReady(data, process.pid()), START_TIMEOUT);
      } catch (ServerStartException e) {
        if (!process.logTail().contains(PREDECESSOR_STILL_THERE)
            || System.nanoTime() - deadline > 0) {
          throw e;
        }
      }
    }
  }

  /// Creates the data folder under another name first: a folder with the right name is complete.
  private void initialise(Path programs, Path data) throws IOException {
    Path fresh = Files.createTempDirectory(dir(), "data-new-");
    user.own(fresh);
    run(
        "initdb",
        "",
        List.of(
            programs.resolve("initdb").toString(),
            "--pgdata=" + fresh,
            "--username=" + SUPERUSER,
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-sync",
            "--no-instructions"));
    run(
        "create database",
        "CREATE DATABASE " + DATABASE + ";\n",
        List.of(
            programs.resolve("postgres").toString(),
            "--single",
            "-D",
            fresh.toString(),
            "postgres"));
    Files.move(fresh, data, StandardCopyOption.ATOMIC_MOVE);
  }

  private void run(String step, String input, List<String> command) throws IOException {
    Process process = new ProcessBuilder(user.command(command)).redirectErrorStream(true).start();
    try (var stdin = process.getOutputStream()) {
      stdin.write(input.getBytes(StandardCharsets.UTF_8));
    }
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    try {
      if (process.waitFor() != 0) {
        throw new ServerStartException(
            "PostgreSQL's %s failed with exit code %d:%n%s"
                .formatted(step, process.exitValue(), output));
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new ServerStartException("interrupted during PostgreSQL's " + step, e);
    }
  }

  /// Removes the pid file that a crashed server leaves. Its pid may meanwhile belong to another
  /// program, which PostgreSQL would mistake for a server.
  private void removeStalePidFile(Path data) throws IOException {
    List<String> lines = pidFile(data);
    if (lines.isEmpty()) {
      return;
    }
    Optional<ProcessHandle> owner =
        ProcessHandle.of(Long.parseLong(lines.getFirst().strip()))
            .filter(process -> process.info().command().orElse("").endsWith("/postgres"));
    if (owner.isPresent()) {
      throw new ServerStartException(
          "the data folder %s is in use by another PostgreSQL, pid %d"
              .formatted(data, owner.get().pid()));
    }
    Files.deleteIfExists(data.resolve("postmaster.pid"));
  }

  /// Returns whether the server is ready, from its state in line 8 of its pid file.
  private static boolean isReady(Path data, long pid) {
    List<String> lines = pidFile(data);
    return lines.size() >= 8
        && lines.get(0).strip().equals(Long.toString(pid))
        && lines.get(7).strip().equals("ready");
  }

  private static List<String> pidFile(Path data) {
    try {
      return Files.readAllLines(data.resolve("postmaster.pid"));
    } catch (IOException e) {
      return List.of();
    }
  }

  private ChildProcess.Program program(String name, List<String> command) {
    return new ChildProcess.Program(
        name, user.command(command), Map.of(), Set.of(), log(), ChildProcess.StopSignal.INT);
  }
}
