/// What all programs read of their environment alike.
///
/// [SettingNames] finds names that are no setting, [ServiceLinks] passes over what Kubernetes tells
/// of its Services, [Secret] reads a value or the file that holds it. [DatabaseUrl] and
/// [KafkaClientSettings] are where PostgreSQL and Kafka are, and how a client is to speak to them.
///
/// It reads maps that it is given, never the process's own environment, and knows no program.
@NullMarked
package dev.tidemark.service.settings;

import org.jspecify.annotations.NullMarked;
