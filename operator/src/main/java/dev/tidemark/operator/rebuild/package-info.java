/// The command `rebuild`: fills the cache from topics that carry states.
///
/// [Rebuild] reads the options. [RebuildRun] takes states from [KafkaStates], which finds the
/// newest version of each key in a [VersionIndex] first and then gives the states out, through a
/// [StateBuffer]. [RebuildFill] puts them into the cache by the protocol of any reader: lease, then
/// the end of the topic, then fill. [OpenGaps] are keys whose events have holes.
///
/// It reads no database and overwrites nothing that is newer.
@NullMarked
package dev.tidemark.operator.rebuild;

import org.jspecify.annotations.NullMarked;
