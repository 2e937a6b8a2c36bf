/// The invalidator as a program. It evicts cache entries by version, according to the events in
/// Kafka.
///
/// [Main] starts [Service], which wires the rooms. An event goes `events` → `live` → Redis, then
/// its offset is committed by `offsets`. `audit` follows the same topics beside it and compares
/// cache and database. `status` says how all of that is.
///
/// The rooms do not know this package. The operators' commands are a program of their own.
@NullMarked
package dev.tidemark.invalidator;

import org.jspecify.annotations.NullMarked;
