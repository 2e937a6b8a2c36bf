package dev.tidemark.benchmarks;

import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.cache.redis.RedisSettings;
import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.embedded.PostgresServer;
import dev.tidemark.embedded.RedisServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.stream.Stream;

/// Environment of a benchmark: real servers on free ports, with their data in a folder of their own
/// that is removed with them, and an output for progress. Thread-safe.
final class Workbench implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final int CONNECTIONS = 64;

  private final Path folder;
  private final PrintWriter progress;
  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final Thread exitHook = new Thread(this::release, "clear-workbench");

  private Workbench(Path folder, PrintWriter progress) {
    this.folder = folder;
    this.progress = progress;
  }

  static Workbench open(PrintWriter progress) throws IOException {
    Workbench bench = new Workbench(Files.createTempDirectory("tidemark-benchmark-"), progress);
    Runtime.getRuntime().addShutdownHook(bench.exitHook);
    return bench;
  }

  /// Returns an empty Redis that keeps nothing on disk.
  RedisServer redis() {
    say("starting Redis");
    return closing(RedisServer.start(folder.resolve("redis"), 0));
  }

  /// Returns an empty PostgreSQL with durable commits.
  PostgresServer postgres() {
    say("starting PostgreSQL");
    return closing(PostgresServer.start(folder.resolve("postgres"), 0));
  }

  /// Returns a Kafka of one node.
  KafkaServer kafka() {
    say("starting Kafka");
    Path data = folder("kafka");
    // Others measure while it runs, so this is not the variant that is quick to start.
    return closing(
        KafkaServer.start(data, data.resolve("kafka.log"), 0, "-Xmx1g", "-XX:TieredStopAtLevel=4"));
  }

  /// Returns a folder for a program that runs here. It does not exist yet.
  Path folder(String name) {
    return folder.resolve(name);
  }

  /// Returns connections like those of a service, which wait out a stall of the machine: it makes a
  /// slow answer, not a failure.
  static RedisConnection connect(String redisUrl) {
    return RedisConnection.open(
        redisUrl, new RedisSettings(PATIENCE, PATIENCE, PATIENCE, CONNECTIONS));
  }

  /// Closes the resource with the bench, before what was opened earlier.
  synchronized <T extends AutoCloseable> T closing(T resource) {
    open.push(resource);
    return resource;
  }

  void say(String text) {
    progress.println(text);
    progress.flush();
  }

  @Override
  public void close() {
    release();
    try {
      Runtime.getRuntime().removeShutdownHook(exitHook);
    } catch (IllegalStateException e) {
      // This JVM is already ending, and the hook finds nothing left.
    }
  }

  private synchronized void release() {
    while (!open.isEmpty()) {
      try {
        open.pop().close();
      } catch (Exception e) {
        say("not closed: " + e);
      }
    }
    try (Stream<Path> files = Files.exists(folder) ? Files.walk(folder) : Stream.empty()) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException | UncheckedIOException e) {
      say("not deleted: " + folder + ": " + e);
    }
  }
}
