/// The invalidator as a program: evicts cache entries by version, as the events of Kafka tell.
///
/// [Main] has the commands; without one, [Invalidate] starts [Service], which wires the rooms. An
/// event goes `events` → `live` → Redis, then its offset is committed by `offsets`. `audit` follows
/// the same topics beside it and compares cache and database. `status` says how all of that is.
///
/// The rooms do not know this package. The operators' commands are in `dev.tidemark.operator`.
@NullMarked
package dev.tidemark.invalidator;

import org.jspecify.annotations.NullMarked;
