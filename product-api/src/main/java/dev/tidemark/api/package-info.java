/// The HTTP service for products: one statement for a product and its outbox row, reads through the
/// cache.
@NullMarked
package dev.tidemark.api;

import org.jspecify.annotations.NullMarked;
