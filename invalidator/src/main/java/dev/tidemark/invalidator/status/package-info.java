/// What the invalidator says of itself: metrics and `/status`.
///
/// The live path counts in [InvalidatorMetrics] and [CommitToEvict] and tells [KafkaLag] its
/// positions. [KafkaWatch] asks Kafka beside the consumer, also for [KafkaGroupLag]. [StatusReport]
/// writes all of it as JSON.
///
/// It changes nothing in Kafka or Redis and decides nothing.
@NullMarked
package dev.tidemark.invalidator.status;

import org.jspecify.annotations.NullMarked;
