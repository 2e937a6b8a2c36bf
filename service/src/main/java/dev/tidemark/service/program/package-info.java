/// The frame of every service: help, settings, telemetry, a start, and a stop with an exit code.
///
/// A program's command is a [ServiceCommand], given its settings and how to start; what starts is a
/// [RunningService], which serves on the calling thread until a signal closes it. [Telemetry] is
/// set up the same way in each.
///
/// It knows no service.
@NullMarked
package dev.tidemark.service.program;

import org.jspecify.annotations.NullMarked;
