/// The committed states of products, as PostgreSQL has them.
///
/// [PostgresProducts] reads the versions and digests of many products over one connection, as the
/// role that may do least. The audit of the invalidator and the command `audit` compare the cache
/// with what it answers.
///
/// It does not know the cache, nor who compares.
@NullMarked
package dev.tidemark.service.states;

import org.jspecify.annotations.NullMarked;
