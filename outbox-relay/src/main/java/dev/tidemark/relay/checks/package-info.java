/// Checks of the servers that the relay depends on.
///
/// A [Check] returns findings. [DatabaseCheck] looks at PostgreSQL with the relay's own role;
/// [KafkaCheck] looks at Kafka, with [KafkaTopicCheck] for the settings of each topic and
/// [KafkaFollowers] for the topics that the invalidators follow. Housekeeping calls them now and
/// then, the option `--check` of the relay once.
///
/// They change nothing on a server and know no session.
@NullMarked
package dev.tidemark.relay.checks;

import org.jspecify.annotations.NullMarked;
