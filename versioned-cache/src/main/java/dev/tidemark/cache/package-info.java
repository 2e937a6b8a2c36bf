/// A cache on Redis that knows versions. Services read through it.
///
/// A read goes [VersionedCache] → [NearCache], where there is one → the entry store. On a miss
/// [Filler] takes the lease of the key, reads the [Source] through the [DatabaseGate], and fills.
/// [SingleFlight] lets one read of a key work for all others of this process, [EarlyRefresh] renews
/// popular entries before they expire, and [GuardedEntryStore] sends readers to the source while
/// Redis is away. An [InvalidationListener] tells the near cache of evictions.
///
/// The protocol, and what its operations answer, is in `cache.store`; Redis is in `cache.redis`.
/// This package knows neither Redis nor Kafka nor a database, and no wall clock (H19).
@NullMarked
package dev.tidemark.cache;

import org.jspecify.annotations.NullMarked;
