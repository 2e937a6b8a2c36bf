/// The running audit: compares the cache with the database some time after each event.
///
/// [KafkaAuditLoop] follows the topics from their end on and puts each sampled event into
/// [CheckQueue] as a [ScheduledCheck]. [Auditor] makes the checks that are due, asks the cache and
/// PostgreSQL, and evicts what is older than the database. [AuditTally] counts, and [AuditMetrics]
/// and the report at `/status` tell.
///
/// It has a consumer of its own without a group, and the live path does not wait for it.
@NullMarked
package dev.tidemark.invalidator.audit;

import org.jspecify.annotations.NullMarked;
