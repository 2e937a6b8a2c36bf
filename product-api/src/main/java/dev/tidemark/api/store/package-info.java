/// The products in PostgreSQL. One statement makes each write and its outbox row.
///
/// [ProductStore] runs the statements of [SqlFile] over the [ConnectionPool] and returns their
/// results: a [WriteResult], a [DeleteResult], or [Counts] for a batch in [Rounds]. [KeyedAnswers]
/// keep the answers to requests with an [IdempotencyKey] in the same transaction. [Replacement] is
/// an import that replaces all products. A failure is a [DatabaseFault].
///
/// Only this package of the API knows Jdbi, HikariCP and SQL. It knows no HTTP and no cache.
@NullMarked
package dev.tidemark.api.store;

import org.jspecify.annotations.NullMarked;
