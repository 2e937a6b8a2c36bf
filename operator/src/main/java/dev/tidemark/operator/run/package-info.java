/// The frame that all operators' commands run in.
///
/// A command reads its [CommandOptions] and hands its work to [CommandRun], which shows [Progress]
/// on standard error by [ProgressDisplay], writes the result on standard output, and turns a signal
/// into a [StopRequest]. [RateLimit] holds the work to a rate, [RetryingBatches] repeats what the
/// cache did not answer, [KeyFilter] says which keys are meant. [CommandErrors] tells what went
/// wrong.
///
/// It does not know what a command does.
@NullMarked
package dev.tidemark.operator.run;

import org.jspecify.annotations.NullMarked;
