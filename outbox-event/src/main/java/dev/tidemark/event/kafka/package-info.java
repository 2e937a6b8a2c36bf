/// The meaning of a Kafka record for a cache.
///
/// [EventReading] turns a record into the key to evict and its version, or finds the fault in it.
/// [VersionGaps] is told the readings in order and notices that a version of an aggregate is
/// missing. The invalidator and the operators' commands read topics so.
///
/// It reads records that it is given, and does not know who reads the topics, nor what becomes of a
/// fault.
@NullMarked
package dev.tidemark.event.kafka;

import org.jspecify.annotations.NullMarked;
