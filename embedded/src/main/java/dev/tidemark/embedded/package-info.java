/// PostgreSQL, Kafka and Redis as child processes of this JVM, with real process handles: they can
/// be killed and started again on the same data and port.
@NullMarked
package dev.tidemark.embedded;

import org.jspecify.annotations.NullMarked;
