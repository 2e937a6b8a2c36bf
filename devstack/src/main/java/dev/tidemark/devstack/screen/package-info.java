/// Output of the commands, and the times that a user writes.
///
/// [Screen] prints lines, and on a terminal one last line that is drawn over, as often as a
/// [Ticker] calls. [TimeSpan] reads a length of time. It knows no command.
@NullMarked
package dev.tidemark.devstack.screen;

import org.jspecify.annotations.NullMarked;
