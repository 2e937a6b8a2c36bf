/// The command `resync`: sends the state of products to the topic again.
///
/// [Resync] reads the options, [ResyncRun] goes through a [ProductRange] page by page, reads
/// [Products] from the primary, and publishes them through [ResyncSink] beside the live relay.
/// [ResyncProgress] shows how far it is.
///
/// The operators' program starts it. It does not touch the slot, the log, or the relay's positions.
@NullMarked
package dev.tidemark.relay.resync;

import org.jspecify.annotations.NullMarked;
