/// The protocol of the cache: entries with versions, leases with floors, evictions by version.
///
/// [EntryStore] has one atomic operation for each step. A reader gets a [Lookup], then an
/// [Acquisition] with the token of its lease, and returns an [Offer], answered by a [FillResult] or
/// a [RefreshResult]. An invalidator sends an [EvictionRequest] and gets an [Eviction]. In a batch
/// each key has an [Outcome] of its own.
///
/// It does no I/O and knows no implementation: neither Redis, nor who reads and why.
@NullMarked
package dev.tidemark.cache.store;

import org.jspecify.annotations.NullMarked;
