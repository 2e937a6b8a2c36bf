/// The settings of the invalidator, and what reads and reports them.
///
/// [Configuration] declares each variable, which the operators' commands read by the same
/// declaration. [KafkaSettings] and [RedisTarget] are where the servers are, [AuditSettings] how
/// the cache is audited. [ReadinessReason] is why one of them does not work now, and [Unavailable]
/// ends a command for that reason.
///
/// Every room may read them; they know no room.
@NullMarked
package dev.tidemark.invalidator.settings;

import org.jspecify.annotations.NullMarked;
