/// The settings of the relay, read from the environment and checked before anything starts.
///
/// [Configuration] names each variable, its default and its range; [Delivery] is what a reader of
/// the topics may count on. Every room may read them; they know no room.
@NullMarked
package dev.tidemark.relay.settings;

import org.jspecify.annotations.NullMarked;
