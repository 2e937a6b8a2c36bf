/// What a record of a topic means, and what becomes of one that means nothing.
///
/// [KafkaGroupConsumers] opens the consumers of a group. [EventReading] turns a record into the key
/// to evict and its version, or finds the fault in it. A record that breaks the contract becomes a
/// [DeadLetter]; [DeadLetters] sends it, unless it is among [DeadLettersSent]. [VersionGaps]
/// notices that a version of an aggregate is missing, and [EvictionTrial] finds out whether Redis
/// takes the evictions that will follow.
///
/// It does not know who reads the topics: the live path, the audit, and the operators' commands do.
@NullMarked
package dev.tidemark.invalidator.events;

import org.jspecify.annotations.NullMarked;
