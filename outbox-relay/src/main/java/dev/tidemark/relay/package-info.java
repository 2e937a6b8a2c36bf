/// The relay: takes the outbox's rows out of PostgreSQL's write-ahead log and publishes them to
/// Kafka, each exactly once.
///
/// [Relay] owns one session after another; a session leads from a [ChangeSource] to an [EventSink].
@NullMarked
package dev.tidemark.relay;

import org.jspecify.annotations.NullMarked;
