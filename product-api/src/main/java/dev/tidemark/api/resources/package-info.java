/// Resources that read and write products.
///
/// [ProductReads] answers one product through the cache, [ProductLists] many of them, or a page of
/// all, as a [ListAnswer]. [ProductWrites] parses a product, passes it to the store with its
/// condition, and after the commit informs the cache.
///
/// They know no SQL and no Redis, and nothing of connections: that is for `http`.
@NullMarked
package dev.tidemark.api.resources;

import org.jspecify.annotations.NullMarked;
