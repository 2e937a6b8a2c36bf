/// The parts that the invalidator and the operators' commands share: both read topics and bring a
/// cache up to date.
///
/// [KafkaSettings] and [RedisTarget] declare and read the settings of the servers. [EventReading]
/// turns a record into the key to evict and its version, or finds the fault in it. [VersionGaps] is
/// told the readings in order and notices that a version of an aggregate is missing.
/// [PostgresProducts] reads the committed versions and digests of many products, with which both
/// audits compare the cache. [Unavailable] ends a command because a server does not answer.
///
/// It does not know who reads the topics, nor what becomes of a fault.
@NullMarked
package dev.tidemark.invalidation;

import org.jspecify.annotations.NullMarked;
