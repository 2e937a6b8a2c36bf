/// Source of changes: the rows of the outbox in commit order, from the write-ahead log.
///
/// [DebeziumChangeSource] runs Debezium's engine on the slot. Debezium's reader fills
/// [DebeziumQueue]; the engine hands on batches of [Change], each with its [OutboxRow]. When a
/// batch has been received, its position is confirmed. A stream that breaks off ends with
/// [StreamFailed].
///
/// Only this package knows Debezium. It does not know what becomes of a change.
@NullMarked
package dev.tidemark.relay.source;

import org.jspecify.annotations.NullMarked;
