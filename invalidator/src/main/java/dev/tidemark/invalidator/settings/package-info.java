/// The settings of the invalidator, and what reads and reports them.
///
/// [Configuration] names each variable and reads it by [Environment], which notes each fault, so
/// that all are told at once. [KafkaSettings] and [RedisTarget] are where the servers are,
/// [AuditSettings] how the cache is audited. [ReadinessReason] is why one of them does not work
/// now, and [Unavailable] ends a command for that reason.
///
/// Every room may read them; they know no room.
@NullMarked
package dev.tidemark.invalidator.settings;

import org.jspecify.annotations.NullMarked;
