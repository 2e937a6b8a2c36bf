/// The consumers of a group, and what becomes of a record that means nothing.
///
/// [KafkaGroupConsumers] opens the consumers of a group. A record that breaks the contract becomes
/// a [DeadLetter]; [DeadLetters] sends it, unless it is among [DeadLettersSent].
///
/// It does not know who reads the topics: the live path and the audit do.
@NullMarked
package dev.tidemark.invalidator.events;

import org.jspecify.annotations.NullMarked;
