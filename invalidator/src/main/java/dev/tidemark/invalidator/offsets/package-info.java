/// Offsets up to which the topics are applied, and the offsets to go back to when Redis may have
/// lost evictions.
///
/// [Offsets] keeps what is applied and what Kafka knows of it, with [CommitMetadata] beside each
/// offset. [RedisWatch] looks which [Primaries] hold the entries; when others have come, [Rewind]
/// takes from [AppliedHistory] where to begin again (H4, H5).
///
/// It reads no records and evicts nothing.
@NullMarked
package dev.tidemark.invalidator.offsets;

import org.jspecify.annotations.NullMarked;
