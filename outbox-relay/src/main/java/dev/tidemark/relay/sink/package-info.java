/// Destination of changes, with the memory that makes publishing exact.
///
/// [KafkaEventSink] sends each change as an event, or as a [KafkaDeadLetter], and writes the
/// progress of [PublishedRows] to [KafkaPositions] in the same transaction. A new session reads
/// back [TakenOver]: what was published by the relays before it. [VersionMemory] and [VersionGaps]
/// notice a version that the log did not bring and fetch it from [PostgresOutbox].
/// [PublishedEvents] reads what the topics hold. [KafkaTopics] creates topics that are absent.
///
/// This package knows changes and counts of the relay. It does not know where changes come from,
/// nor which relay is active.
@NullMarked
package dev.tidemark.relay.sink;

import org.jspecify.annotations.NullMarked;
