/// The running system: servers and services as processes, started in order and kept running.
///
/// [RunningStack] holds the [DataFolder], ends [OrphanedProcesses], brings a [Stack] up, lends it
/// to a command and takes it down. A stack is made of a [Part] for each process: a [Server] or a
/// [Service]. [FirstStart] waits for it, [Keeper] starts it again when it dies, within a
/// [RestartBudget]. [StackEnv] tells others where it can be reached.
///
/// It does not know what a command does with the system.
@NullMarked
package dev.tidemark.devstack.stack;

import org.jspecify.annotations.NullMarked;
