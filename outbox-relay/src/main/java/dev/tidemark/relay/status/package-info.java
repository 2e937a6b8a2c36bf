/// What the relay says of itself: readiness, metrics and `/status`.
///
/// The rooms tell [RelayStatus], [RelayMetrics] and [StreamLag] what they do, and [Findings] what
/// they found; [SlotState] and [OutboxState] are what PostgreSQL tells. [StatusReport] writes all
/// of it as JSON, and [RelayAdmin] serves it.
///
/// It asks no server and decides nothing.
@NullMarked
package dev.tidemark.relay.status;

import org.jspecify.annotations.NullMarked;
