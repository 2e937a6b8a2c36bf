/// State that the relay reports: readiness, metrics and `/status`.
///
/// The rooms report their work to [RelayStatus], [RelayMetrics] and [StreamLag], and their findings
/// to [Findings]. [SlotState] and [OutboxState] come from PostgreSQL. [StatusReport] makes one
/// record of it, and [RelayAdmin] serves that.
///
/// It asks no server and decides nothing.
@NullMarked
package dev.tidemark.relay.status;

import org.jspecify.annotations.NullMarked;
