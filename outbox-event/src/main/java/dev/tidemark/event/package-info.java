/// The event contract between the relay and whoever reads its topics: what a record's key, value
/// and headers are. No I/O.
@NullMarked
package dev.tidemark.event;

import org.jspecify.annotations.NullMarked;
