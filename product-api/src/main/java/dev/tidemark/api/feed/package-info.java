/// The feed of the near cache: events of the topic on their way to the cache of this process.
///
/// [KafkaInvalidationFeed] reads the topic from its end on, without a group, and calls the cache's
/// invalidation listener for each event. Before it has caught up, and whenever Kafka is away, the
/// near cache is off.
///
/// Only this package of the API knows Kafka. It knows no HTTP and no database.
@NullMarked
package dev.tidemark.api.feed;

import org.jspecify.annotations.NullMarked;
