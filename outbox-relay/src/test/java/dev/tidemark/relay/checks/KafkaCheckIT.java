package dev.tidemark.relay.checks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.relay.SharedServers;
import dev.tidemark.relay.settings.Configuration;
import dev.tidemark.relay.sink.KafkaPositions;
import dev.tidemark.relay.sink.KafkaTopics;
import dev.tidemark.relay.status.RelayStatus;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.AlterConfigOp.OpType;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(SharedServers.class)
class KafkaCheckIT {
  private static KafkaServer kafka;
  private static Configuration configuration;

  @BeforeAll
  static void prepare(KafkaServer broker) {
    kafka = broker;
    configuration = configuration(kafka.bootstrapServers());
  }

  @Test
  void topicsThatAreAbsentAreNoFindings() {
    assertThat(check(configuration(kafka.bootstrapServers(), "no.such.topic")).findings())
        .isEmpty();
  }

  @Test
  void topicsThatTheRelayMadeAreAsItNeedsThem() {
    makeTopics();

    assertThat(check(configuration).findings()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "product.events, max.message.bytes, 1000000, set it to 4194304",
    "product.events.dlt, max.message.bytes, 1000000, set it to 4194304",
    "product.events, cleanup.policy, delete, set it to compact",
    "product.events, cleanup.policy, 'compact,delete', set it to compact",
    "product.events, min.compaction.lag.ms, 60000, set it to 604800000",
    "tidemark.relay.positions, cleanup.policy, compact, set it to delete",
    "tidemark.relay.positions, retention.ms, 60000, set it to -1",
  })
  void riskySettingIsFound(String topic, String setting, String value, String remedy)
      throws Exception {
    makeTopics();
    var before = set(topic, setting, value);
    try {
      assertThat(check(configuration).findings())
          .singleElement()
          .satisfies(finding -> assertThat(finding.isError()).isFalse())
          .satisfies(
              finding ->
                  assertThat(finding.text())
                      .startsWith("topic %s has %s = %s: ".formatted(topic, setting, value))
                      .contains(remedy));
    } finally {
      set(topic, setting, before);
    }
  }

  @Test
  void brokerThatDoesNotAnswerIsAnError() {
    assertThat(check(configuration("127.0.0.1:1")).findings())
        .singleElement()
        .satisfies(finding -> assertThat(finding.isError()).isTrue())
        .satisfies(
            finding ->
                assertThat(finding.text()).startsWith("Kafka does not answer at 127.0.0.1:1"));
  }

  private static void makeTopics() {
    var topics = new KafkaTopics(configuration);
    topics.ensureEvents("product.events");
    topics.ensureDeadLetters("product.events.dlt");
    topics.ensurePositions(KafkaPositions.TOPIC);
  }

  /// Returns the old value, and only when the broker shows the new one.
  private static String set(String topic, String setting, String value) throws Exception {
    var resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    try (var admin = Admin.create(configuration.kafka())) {
      var before = read(admin, resource, setting);
      var change = new AlterConfigOp(new ConfigEntry(setting, value), OpType.SET);
      admin.incrementalAlterConfigs(Map.of(resource, List.of(change))).all().get();
      await().until(() -> read(admin, resource, setting).equals(value));
      return before;
    }
  }

  private static String read(Admin admin, ConfigResource resource, String setting)
      throws Exception {
    return admin.describeConfigs(List.of(resource)).all().get().get(resource).get(setting).value();
  }

  private static Configuration configuration(String servers) {
    return configuration(servers, "product.events");
  }

  private static Configuration configuration(String servers, String topic) {
    return Configuration.from(
        Map.of(
            "DATABASE_URL",
            "postgresql://relay@127.0.0.1:1/tidemark",
            "KAFKA_BOOTSTRAP_SERVERS",
            servers,
            "KAFKA_PRODUCT_TOPIC",
            topic));
  }

  private static KafkaCheck check(Configuration configuration) {
    return new KafkaCheck(configuration, new RelayStatus(Clock.systemUTC()), 3_000);
  }
}
