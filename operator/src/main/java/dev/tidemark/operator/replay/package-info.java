/// The command `replay`: evicts again what the topics tell.
///
/// [Replay] reads the options; [ReplayRun] scans the topics and sends the newest version of each
/// key as an eviction, or, in a dry run, only looks what would be evicted.
///
/// It commits no offset and does not disturb the live path.
@NullMarked
package dev.tidemark.operator.replay;

import org.jspecify.annotations.NullMarked;
