package dev.tidemark.devstack.stack;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/// One process of the stack: a server or a service. Confined to the thread that starts and keeps
/// it, unless stated otherwise.
sealed interface Part permits Server, Service {
  /// Returns the name for users.
  String name();

  /// Returns the name in `stack.env`, for example `PRODUCT_API`.
  String variable();

  /// Returns the address for clients.
  String address();

  Path log();

  /// Starts the process, the first time or again.
  ///
  /// @throws dev.tidemark.embedded.ServerStartException when it does not start
  void launch();

  /// Waits until the part does its work.
  ///
  /// @param patience longer on a busy machine, see [dev.tidemark.embedded.Patience]
  /// @return what it still misses after that time; empty when it is ready
  /// @throws dev.tidemark.embedded.ServerStartException when it ends meanwhile, or does not answer
  ///   after that time; it is then no longer running
  String awaitReady(Duration patience);

  /// Returns false before the first launch. May be called by any thread.
  boolean wasLaunched();

  /// Returns the process id. May be called by any thread.
  long pid();

  /// Returns the exit code of the process launched last. May be called by any thread.
  CompletableFuture<Integer> exit();

  /// Stops the process in an orderly way, and by SIGKILL after `grace`. Nothing is left then.
  void stop(Duration grace);

  /// Sends SIGKILL at once. May be called by any thread, also while another one waits in [#stop].
  void kill();
}
