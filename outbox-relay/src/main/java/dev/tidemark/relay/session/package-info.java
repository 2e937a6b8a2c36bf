/// The relay's work: who is active, from where it goes on, and what it does beside the stream.
///
/// [Relay] waits in [Leadership] until it is the active one, then owns one [Session] after another.
/// A session takes batches from a change source, waits in [PostgresVisibility] until readers see
/// them, gives them to the event sink, and lets the source confirm. Where the slot was lost,
/// [Repair] makes it anew and publishes what [PostgresOutboxSnapshot] finds missing. [Housekeeping]
/// sends heartbeats and tends [OutboxPartitions]. [SessionParts] makes all of that for the servers
/// of the settings.
///
/// It knows neither Debezium nor Kafka's clients: those are in `source` and `sink`.
@NullMarked
package dev.tidemark.relay.session;

import org.jspecify.annotations.NullMarked;
