package dev.tidemark.devstack.stack;

import dev.tidemark.embedded.ChildProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/// One process of the stack: a server or a service. Confined to the thread that starts and keeps
/// it, unless stated otherwise.
abstract sealed class Part permits Server, Service {
  private final String name;
  private final String variable;
  private final String address;
  private final Path log;

  /// @param name for users
  /// @param variable name in `stack.env`, for example `PRODUCT_API`
  /// @param address for clients
  Part(String name, String variable, String address, Path log) {
    this.name = name;
    this.variable = variable;
    this.address = address;
    this.log = log;
  }

  final String name() {
    return name;
  }

  final String variable() {
    return variable;
  }

  final String address() {
    return address;
  }

  final Path log() {
    return log;
  }

  /// Starts the process, the first time or again.
  ///
  /// @throws dev.tidemark.embedded.ServerStartException when it does not start
  abstract void launch();

  /// Waits until the part does its work.
  ///
  /// @param patience longer on a busy machine, see [dev.tidemark.embedded.Patience]
  /// @return what it still misses after that time; empty when it is ready
  /// @throws dev.tidemark.embedded.ServerStartException when it ends meanwhile, or does not answer
  ///   after that time; it is then no longer running
  abstract String awaitReady(Duration patience);

  /// Returns the process launched last; empty before the first launch. May be called by any thread,
  /// as may be what asks or kills it.
  abstract Optional<ChildProcess> process();

  final ChildProcess started() {
    return process().orElseThrow(() -> new IllegalStateException(name + " was not started"));
  }

  final boolean wasLaunched() {
    return process().isPresent();
  }

  final long pid() {
    return started().pid();
  }

  /// Returns the exit code of the process launched last.
  final CompletableFuture<Integer> exit() {
    return started().exit();
  }

  /// Stops the process in an orderly way, and by SIGKILL after `grace`. Nothing is left then.
  abstract void stop(Duration grace);

  /// Sends SIGKILL at once, also while another thread waits in [#stop].
  final void kill() {
    started().kill();
  }
}
