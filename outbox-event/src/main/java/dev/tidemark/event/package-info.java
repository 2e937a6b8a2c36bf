/// Event contract between the relay and the readers of its topics: the key, value and headers of a
/// record. No I/O.
@NullMarked
package dev.tidemark.event;

import org.jspecify.annotations.NullMarked;
