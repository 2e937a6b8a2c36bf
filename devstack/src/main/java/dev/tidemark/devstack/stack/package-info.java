/// The running system: servers and services as processes, started in order and kept running.
///
/// [RunningStack] holds the [DataFolder], ends [OrphanedProcesses], starts a [Stack], lends it to a
/// command and stops it. A stack is made of a [Part] for each process: a [Server] or a [Service].
/// [FirstStart] waits for it, and [Keeper] restarts it when it dies, within a [RestartBudget].
/// [StackEnv] publishes its addresses.
///
/// It does not know what a command does with the system.
@NullMarked
package dev.tidemark.devstack.stack;

import org.jspecify.annotations.NullMarked;
