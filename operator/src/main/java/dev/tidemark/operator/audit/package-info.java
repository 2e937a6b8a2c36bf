/// The command `audit`: compares the entries of the cache with the database.
///
/// [Audit] reads the options. [AuditRun] takes [AuditKeys] piece by piece, asks cache and database
/// through [AuditSources], and gives each entry an [AuditVerdict]; [AuditFindings] counts them.
/// [AuditScope] says which entries, and whether what is wrong is evicted.
///
/// It does not read Kafka.
@NullMarked
package dev.tidemark.operator.audit;

import org.jspecify.annotations.NullMarked;
