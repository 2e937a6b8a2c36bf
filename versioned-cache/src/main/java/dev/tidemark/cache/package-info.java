/// A cache on Redis that knows versions: entries, leases with floors, evictions by version, and the
/// cache-aside reader on top.
///
/// [EntryStore] is the protocol, one atomic operation each; [VersionedCache] is what a service
/// reads through.
@NullMarked
package dev.tidemark.cache;

import org.jspecify.annotations.NullMarked;
