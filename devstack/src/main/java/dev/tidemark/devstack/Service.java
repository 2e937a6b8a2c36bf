package dev.tidemark.devstack;

import dev.tidemark.embedded.ChildProcess;
import dev.tidemark.embedded.ServerStartException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// One of the system's own services, in a JVM of its own.
final class Service implements Part {
  private static final Duration POLL = Duration.ofMillis(50);

  private final String name;
  private final String address;
  private final Path log;
  private final Health health;
  private final URI adminUrl;
  private final ChildProcess.Program program;
  private volatile @Nullable ChildProcess process;

  /// @param environment added to the environment of this JVM, without what is `withheld`
  Service(
      String name,
      String address,
      URI adminUrl,
      List<String> command,
      Map<String, String> environment,
      Set<String> withheld,
      Path log,
      Health health) {
    this.name = name;
    this.address = address;
    this.adminUrl = adminUrl;
    this.log = log;
    this.health = health;
    this.program =
        new ChildProcess.Program(
            name, command, environment, withheld, log, ChildProcess.StopSignal.TERM);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String variable() {
    return name.toUpperCase(Locale.ROOT).replace('-', '_');
  }

  @Override
  public String address() {
    return address;
  }

  URI adminUrl() {
    return adminUrl;
  }

  @Override
  public Path log() {
    return log;
  }

  @Override
  public void launch() {
    ChildProcess former = process;
    if (former != null) {
      former.close();
    }
    process = ChildProcess.start(program);
  }

  @Override
  public String awaitReady(Duration patience) {
    ChildProcess current = started();
    long deadline = System.nanoTime() + patience.toNanos();
    while (true) {
      String missing = health.missing(adminUrl);
      if (missing.isEmpty() || System.nanoTime() - deadline > 0) {
        return missing;
      }
      if (current.awaitExit(POLL)) {
        throw new ServerStartException(
            "%s ended with exit code %d while it started; the end of %s:%n%s"
                .formatted(name, current.exit().join(), log, current.logTail()));
      }
      if (Thread.currentThread().isInterrupted()) {
        return missing;
      }
    }
  }

  @Override
  public boolean wasLaunched() {
    return process != null;
  }

  @Override
  public long pid() {
    return started().pid();
  }

  @Override
  public CompletableFuture<Integer> exit() {
    return started().exit();
  }

  @Override
  public void stop(Duration grace) {
    started().stop(grace);
    started().close();
  }

  @Override
  public void kill() {
    started().kill();
  }

  private ChildProcess started() {
    ChildProcess current = process;
    if (current == null) {
      throw new IllegalStateException(name + " was not started");
    }
    return current;
  }
}
