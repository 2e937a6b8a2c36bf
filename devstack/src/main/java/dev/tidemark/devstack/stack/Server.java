package dev.tidemark.devstack.stack;

import dev.tidemark.embedded.ChildProcess;
import dev.tidemark.embedded.EmbeddedServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// An embedded PostgreSQL, Kafka or Redis as a part of the stack.
final class Server extends Part {
  private final Supplier<EmbeddedServer> firstStart;
  private volatile @Nullable EmbeddedServer server;

  Server(String name, int port, Path log, Supplier<EmbeddedServer> firstStart) {
    super(
        name,
        name.equals("PostgreSQL") ? "POSTGRES" : name.toUpperCase(Locale.ROOT),
        "127.0.0.1:" + port,
        log);
    this.firstStart = firstStart;
  }

  @Override
  void launch() {
    EmbeddedServer current = server;
    if (current == null) {
      server = firstStart.get();
    } else {
      current.restart();
    }
  }

  /// Returns at once: a server answers as soon as it is launched.
  @Override
  String awaitReady(Duration patience) {
    return "";
  }

  @Override
  Optional<ChildProcess> process() {
    return Optional.ofNullable(server).map(EmbeddedServer::process);
  }

  @Override
  void stop(Duration grace) {
    EmbeddedServer current = server;
    if (current != null) {
      current.stop(grace);
    }
  }
}
