/// The relay's work: selection of the active relay, its starting position, and its tasks beside the
/// stream.
///
/// [Relay] waits in [Leadership] until it is the active one, then owns one [Session] after another.
/// A session takes batches from a change source, waits in [PostgresVisibility] until readers see
/// them, gives them to the event sink, and lets the source confirm. If the slot was lost, [Repair]
/// creates it again and publishes the rows that [PostgresOutboxSnapshot] finds missing.
/// [Housekeeping] sends heartbeats and maintains [OutboxPartitions]. [Relay#of] takes the source
/// and the sink that the settings mean.
///
/// It knows neither Debezium nor Kafka's clients: those are in `source` and `sink`.
@NullMarked
package dev.tidemark.relay.session;

import org.jspecify.annotations.NullMarked;
