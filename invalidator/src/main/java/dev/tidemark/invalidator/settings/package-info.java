/// The settings of the invalidator, and what reports on the servers that they name.
///
/// [Configuration] declares each variable, [AuditSettings] those of the audit. [ReadinessReason] is
/// why a server does not work now.
///
/// Every room may read them; they know no room.
@NullMarked
package dev.tidemark.invalidator.settings;

import org.jspecify.annotations.NullMarked;
