/// Reads topics for operators, beside the live path and without a group (H41).
///
/// [TopicScan] reads topics once, from a [ScanStart] to the ends that they had at the beginning.
/// [TopicTail] reads from the beginning and goes on with what comes. [KafkaNewest] reads the newest
/// records of partitions within a time.
///
/// What a record means is for the command.
@NullMarked
package dev.tidemark.operator.topics;

import org.jspecify.annotations.NullMarked;
