/// The frame that all operators' commands run in.
///
/// A command reads its [CommandOptions] and passes its work to [CommandRun], which shows [Progress]
/// on standard error by [ProgressDisplay], writes the result to standard output, and turns a signal
/// into a [StopRequest]; the work is then left by its exception, which only the frame catches.
/// [RateLimit] limits the work to a rate, [RetryingBatches] repeats operations that the cache did
/// not answer, and [KeyFilter] chooses the keys. [CommandErrors] reports errors.
///
/// It does not know what a command does.
@NullMarked
package dev.tidemark.operator.run;

import org.jspecify.annotations.NullMarked;
