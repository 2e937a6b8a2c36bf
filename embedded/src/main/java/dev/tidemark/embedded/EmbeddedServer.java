package dev.tidemark.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// A server that runs as a child process on 127.0.0.1, with its data in one folder. It can be
/// killed and started again on the same data and port. After [#close] no process of it is left, but
/// its data stay.
///
/// Thread-safe.
public abstract sealed class EmbeddedServer implements AutoCloseable
    permits PostgresServer, KafkaServer, RedisServer {
  private static final Duration STOP_GRACE = Duration.ofSeconds(20);

  private final String name;
  private final Path dir;
  private final Path log;
  private final int port;
  private volatile @Nullable ChildProcess process;

  EmbeddedServer(String name, Path dir, Path log, int port) {
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException(
          "port " + port + " of " + name + " is not between 0 and 65535");
    }
    this.name = name;
    this.dir = dir.toAbsolutePath().normalize();
    this.log = log;
    this.port = port == 0 ? Ports.free() : port;
  }

  /// Starts the process and returns when the server answers.
  abstract ChildProcess launch();

  final synchronized void start() {
    if (isAlive()) {
      throw new IllegalStateException(name + " already runs as pid " + pid());
    }
    Ports.requireFree(port, name);
    try {
      Files.createDirectories(dir);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make the data folder of " + name + ": " + dir, e);
    }
    process = launch();
  }

  public final String name() {
    return name;
  }

  public final int port() {
    return port;
  }

  /// Returns the server's log file.
  public final Path log() {
    return log;
  }

  final Path dir() {
    return dir;
  }

  /// Returns the process; the last one when the server is down.
  public final ChildProcess process() {
    ChildProcess current = process;
    if (current == null) {
      throw new IllegalStateException(name + " was not started");
    }
    return current;
  }

  public final long pid() {
    return process().pid();
  }

  public final boolean isAlive() {
    ChildProcess current = process;
    return current != null && current.isAlive();
  }

  /// Kills the server with SIGKILL, like a crash.
  public final synchronized void kill() {
    process().kill();
    process().close();
  }

  /// Stops the server by its own orderly shutdown.
  public final synchronized void stop() {
    stop(STOP_GRACE);
  }

  /// Stops the server as [#stop] does, and with SIGKILL when it takes longer than `grace`.
  public final synchronized void stop(Duration grace) {
    process().stop(grace);
    process().close();
  }

  /// Starts the server again on the same data and port, after an orderly stop if it still runs.
  public final synchronized void restart() {
    if (isAlive()) {
      stop();
    }
    start();
  }

  @Override
  public final synchronized void close() {
    if (process != null) {
      stop();
    }
  }
}
