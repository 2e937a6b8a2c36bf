/// Reading of the environment in the same way for all programs.
///
/// A program declares each of its variables once, as a [Setting], and [ProgramSettings] checks them
/// all together: it refuses names that are no setting, passes over the [ServiceLinks] of
/// Kubernetes, and ends with one [InvalidSettings]. [Secret] reads a value or the file that holds
/// it, [TimeSpan] a time. [DatabaseUrl] and [KafkaClientSettings] are where PostgreSQL and Kafka
/// are, and how a client is to speak to them. [Pooler] finds out that others share a session.
///
/// It reads maps that it is given, never the process's own environment, and knows no program.
@NullMarked
package dev.tidemark.service.settings;

import org.jspecify.annotations.NullMarked;
