/// The operators' commands as one program: `status`, `audit`, `replay`, `rebuild`, `resync` and
/// `dead-letters`.
///
/// [Main] hands the environment to the command that is named. Each command is a room of its own, on
/// `topics`, which reads Kafka, and `run`, the frame of all. `resync` shares the relay's sink and
/// lives there.
///
/// The rooms do not know this package. Nothing here runs on: a command ends when its work is done.
@NullMarked
package dev.tidemark.operator;

import org.jspecify.annotations.NullMarked;
