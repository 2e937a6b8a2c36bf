/// The product, read from JSON and checked.
///
/// [ProductReader] reads text by [StrictJson] into a [Parsed]: a [Product], or the violations of
/// its rules. [MergePatch] changes one, [Condition] says what must be true of it before a write,
/// and [CachedProduct] is the rule for what the cache may hold of it.
///
/// It does no I/O and knows neither HTTP nor the database.
@NullMarked
package dev.tidemark.api.product;

import org.jspecify.annotations.NullMarked;
