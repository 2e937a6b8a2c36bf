/// Kafka to Redis: evicts cache entries by version, as events tell that an aggregate has moved on.
@NullMarked
package dev.tidemark.invalidator;

import org.jspecify.annotations.NullMarked;
