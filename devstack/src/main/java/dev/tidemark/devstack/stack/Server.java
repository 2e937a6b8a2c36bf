package dev.tidemark.devstack.stack;

import dev.tidemark.embedded.EmbeddedServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// An embedded PostgreSQL, Kafka or Redis as a part of the stack.
final class Server implements Part {
  private final String name;
  private final String variable;
  private final int port;
  private final Path log;
  private final Supplier<EmbeddedServer> firstStart;
  private volatile @Nullable EmbeddedServer server;

  Server(String name, int port, Path log, Supplier<EmbeddedServer> firstStart) {
    this.name = name;
    this.variable = name.equals("PostgreSQL") ? "POSTGRES" : name.toUpperCase(Locale.ROOT);
    this.port = port;
    this.log = log;
    this.firstStart = firstStart;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String variable() {
    return variable;
  }

  @Override
  public String address() {
    return "127.0.0.1:" + port;
  }

  @Override
  public Path log() {
    return log;
  }

  @Override
  public void launch() {
    EmbeddedServer current = server;
    if (current == null) {
      server = firstStart.get();
    } else {
      current.restart();
    }
  }

  /// Returns at once: a server answers as soon as it is launched.
  @Override
  public String awaitReady(Duration patience) {
    return "";
  }

  @Override
  public boolean wasLaunched() {
    return server != null;
  }

  @Override
  public long pid() {
    return started().pid();
  }

  @Override
  public CompletableFuture<Integer> exit() {
    return started().process().exit();
  }

  @Override
  public void stop(Duration grace) {
    started().stop(grace);
  }

  @Override
  public void kill() {
    started().process().kill();
  }

  private EmbeddedServer started() {
    EmbeddedServer current = server;
    if (current == null) {
      throw new IllegalStateException(name + " was not started");
    }
    return current;
  }
}
