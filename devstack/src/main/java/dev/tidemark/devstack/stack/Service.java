package dev.tidemark.devstack.stack;

import dev.tidemark.embedded.ChildProcess;
import dev.tidemark.embedded.Patience;
import dev.tidemark.embedded.ServerStartException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/// One of the system's own services, in a JVM of its own.
final class Service extends Part {
  private static final Duration CHECK_PATIENCE = Duration.ofSeconds(30);
  private static final Duration POLL = Duration.ofMillis(50);

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
    super(name, name.toUpperCase(Locale.ROOT).replace('-', '_'), address, log);
    this.adminUrl = adminUrl;
    this.health = health;
    this.program =
        new ChildProcess.Program(
            name, command, environment, withheld, log, ChildProcess.StopSignal.TERM);
  }

  URI adminUrl() {
    return adminUrl;
  }

  /// Returns the faults that the program finds in its settings, with the name of the service; empty
  /// when there are none.
  Optional<String> faultOfSettings() {
    List<String> command = new ArrayList<>(program.command());
    command.add("--check-settings");
    try (ChildProcess check =
        ChildProcess.start(
            new ChildProcess.Program(
                name(),
                command,
                program.environment(),
                program.withheld(),
                log(),
                ChildProcess.StopSignal.TERM))) {
      // A program that hangs here also hangs when it starts, and its start reports that.
      return check.awaitExit(CHECK_PATIENCE) && check.exit().join() == CommandLine.ExitCode.USAGE
          ? Optional.of("%s: %s".formatted(name(), check.logTail()))
          : Optional.empty();
    }
  }

  @Override
  void launch() {
    ChildProcess former = process;
    if (former != null) {
      former.close();
    }
    process = ChildProcess.start(program);
  }

  @Override
  String awaitReady(Duration patience) {
    ChildProcess current = started();
    Patience limit = new Patience(patience);
    while (true) {
      Optional<String> missing = health.missing(adminUrl);
      boolean ready = missing.isPresent() && missing.get().isEmpty();
      if (ready || Thread.currentThread().isInterrupted()) {
        return missing.orElse("it does not answer");
      }
      if (limit.isOver()) {
        return missing.orElseThrow(() -> hanging(current, limit.limit()));
      }
      if (current.awaitExit(POLL)) {
        throw current.endedWhileStarting();
      }
    }
  }

  private ServerStartException hanging(ChildProcess current, Duration time) {
    current.kill();
    return new ServerStartException(
        "%s does not answer at %s after %d s: %s. See %s"
            .formatted(name(), adminUrl, time.toSeconds(), current.lastError(), log()));
  }

  @Override
  Optional<ChildProcess> process() {
    return Optional.ofNullable(process);
  }

  @Override
  void stop(Duration grace) {
    started().stop(grace);
    started().close();
  }
}
