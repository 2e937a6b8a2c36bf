/// Metrics of the invalidator, and its answer to `/status`.
///
/// The live path counts in [InvalidatorMetrics] and [CommitToEvict] and reports its positions to
/// [KafkaLag]. [KafkaWatch] asks Kafka beside the consumer, also for [KafkaGroupLag].
/// [StatusReport] makes one record of it.
///
/// It changes nothing in Kafka or Redis and decides nothing.
@NullMarked
package dev.tidemark.invalidator.status;

import org.jspecify.annotations.NullMarked;
