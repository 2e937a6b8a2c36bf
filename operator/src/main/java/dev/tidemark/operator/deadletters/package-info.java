/// The command `dead-letters`: shows, sends and discards records that were put aside.
///
/// [DeadLetterCommand] lists what [DeadLetterTopics] reads, each by its [DeadLetterId], as
/// [DeadLetterView] shows it. [DeadLetterSend] sends them again as a [DeadLetterEvent], by
/// [DeadLetterSendRun]; [DeadLetterDiscard] marks them, and [DeadLetterDiscards] reads the marks.
///
/// The letters themselves stay where they are.
@NullMarked
package dev.tidemark.operator.deadletters;

import org.jspecify.annotations.NullMarked;
