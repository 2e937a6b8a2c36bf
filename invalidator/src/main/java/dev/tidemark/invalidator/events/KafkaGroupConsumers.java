package dev.tidemark.invalidator.events;

import dev.tidemark.service.settings.KafkaClientSettings;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.GroupProtocol;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Opens consumers that are members of a group. They use the group protocol of Kafka 4, or the
/// classic one where the broker lacks the new one or a setting selects the classic one. Settings
/// that only the classic protocol knows are left out of the other. Confined to one thread.
public final class KafkaGroupConsumers {

  private static final Logger log = LoggerFactory.getLogger(KafkaGroupConsumers.class);

  /// Settings with which the client refuses to start under the other protocol.
  private static final Set<String> CLASSIC_ONLY =
      Set.of(
          ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG,
          ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG,
          ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG);

  private final Map<String, Object> settings;
  private GroupProtocol protocol;

  /// @param settings all but the protocol, and perhaps that
  public KafkaGroupConsumers(Map<String, Object> settings) {
    this.settings = Map.copyOf(settings);
    this.protocol =
        GroupProtocol.of(
            String.valueOf(
                settings.getOrDefault(
                    ConsumerConfig.GROUP_PROTOCOL_CONFIG, GroupProtocol.CONSUMER.name())));
  }

  public Consumer<byte[], byte[]> open() {
    Map<String, Object> own = new HashMap<>(settings);
    own.put(ConsumerConfig.GROUP_PROTOCOL_CONFIG, protocol.name().toLowerCase(Locale.ROOT));
    if (protocol == GroupProtocol.CONSUMER) {
      CLASSIC_ONLY.forEach(name -> leaveOut(name, own));
    }
    return new KafkaConsumer<>(own, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  private static void leaveOut(String name, Map<String, Object> own) {
    if (own.remove(name) != null) {
      log.atWarn()
          .addKeyValue("setting", KafkaClientSettings.variable(name))
          .log(
              "has no effect: in the group protocol of Kafka 4 the broker says it"
                  + " (group.consumer.…); KAFKA_CLIENT_GROUP_PROTOCOL=classic takes the other"
                  + " protocol");
    }
  }

  /// Opens consumers by the classic protocol from now on.
  ///
  /// @param cause what a consumer threw
  /// @throws UnsupportedVersionException the same, when that is what the broker does not have
  public void fallBack(UnsupportedVersionException cause) {
    if (protocol == GroupProtocol.CLASSIC) {
      throw cause;
    }
    protocol = GroupProtocol.CLASSIC;
    log.atWarn()
        .addKeyValue("reason", cause.getMessage())
        .log("the broker lacks the group protocol of Kafka 4: the classic one is used");
  }
}
