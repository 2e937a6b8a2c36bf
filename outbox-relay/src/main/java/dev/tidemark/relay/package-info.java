/// The outbox relay as a program. It takes the outbox's rows from PostgreSQL's write-ahead log and
/// publishes them to Kafka, each exactly once.
///
/// [Main] reads the settings, starts the relay of `session`, and serves its state by the admin
/// server of `status`. A row goes `source` → `session` → `sink`. `checks` looks at the servers
/// meanwhile, `status` says what was found, and `resync` is a command of the operators' program.
///
/// The rooms do not know this package.
@NullMarked
package dev.tidemark.relay;

import org.jspecify.annotations.NullMarked;
