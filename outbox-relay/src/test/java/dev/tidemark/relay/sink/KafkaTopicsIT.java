package dev.tidemark.relay.sink;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.event.Topics;
import dev.tidemark.relay.SharedServers;
import dev.tidemark.relay.settings.Configuration;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.server.policy.CreateTopicPolicy;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// Test of the topics that the relay creates.
@ExtendWith(SharedServers.class)
class KafkaTopicsIT {
  /// Policy that stands in for a managed service, which lets its users choose little.
  public static final class FewSettings implements CreateTopicPolicy {
    @Override
    public void configure(Map<String, ?> settings) {
      // There is nothing to choose.
    }

    @Override
    public void validate(RequestMetadata wanted) {
      if (wanted.configs().containsKey("segment.bytes")
          || wanted.configs().containsKey("min.compaction.lag.ms")) {
        throw new PolicyViolationException("segment.bytes and compaction lags are ours to set");
      }
      if (wanted.topic().endsWith(".dlt") && wanted.configs().containsKey("max.message.bytes")) {
        throw new PolicyViolationException("max.message.bytes is ours to set");
      }
    }

    @Override
    public void close() {
      // There is nothing to close.
    }
  }

  /// Number of topics. About one in ten is lost without the wait.
  private static final int TOPICS = 40;

  @TempDir static Path folder;
  private static KafkaServer kafka;

  @BeforeAll
  static void prepare(KafkaServer broker) {
    kafka = broker;
  }

  @Test
  void topicsAreMadeWithoutTheSettingsThatKafkaRefuses() throws Exception {
    try (var managed =
            KafkaServer.start(
                folder.resolve("managed"),
                0,
                Map.of("create.topic.policy.class.name", FewSettings.class.getName()));
        var admin = Admin.create(Map.of("bootstrap.servers", managed.bootstrapServers()))) {
      var topics = new KafkaTopics(configuration(managed));
      topics.ensureEvents("product.events");
      topics.ensureDeadLetters("product.events.dlt");
      topics.ensurePositions(KafkaPositions.TOPIC);

      assertThat(setting(admin, "product.events", "cleanup.policy")).isEqualTo("compact");
      assertThat(setting(admin, "product.events.dlt", "retention.ms")).isEqualTo("-1");
      assertThat(setting(admin, KafkaPositions.TOPIC, "retention.ms")).isEqualTo("-1");
      // The settings that are not refused stay.
      assertThat(setting(admin, "product.events", "max.message.bytes"))
          .isEqualTo(Integer.toString(Topics.MAX_RECORD_BYTES));
      assertThat(setting(admin, KafkaPositions.TOPIC, "retention.bytes"))
          .isEqualTo(Long.toString(256L << 20));
    }
  }

  private static String setting(Admin admin, String topic, String name) throws Exception {
    var resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    return admin.describeConfigs(List.of(resource)).all().get().get(resource).get(name).value();
  }

  private static Configuration configuration(KafkaServer kafka) {
    return Configuration.from(
        Map.of(
            "DATABASE_URL",
            "postgresql://nobody@127.0.0.1/none",
            "KAFKA_BOOTSTRAP_SERVERS",
            kafka.bootstrapServers()));
  }

  @Test
  void topicsThatWereJustMadeTakeARushOfRecords() throws Exception {
    var topics = new KafkaTopics(configuration(kafka));
    for (int n = 0; n < TOPICS; n++) {
      var topic = "rush" + n + ".events";
      List<Future<RecordMetadata>> sent = new ArrayList<>();
      try (var producer =
          new KafkaProducer<>(
              Map.of("bootstrap.servers", kafka.bootstrapServers(), "delivery.timeout.ms", 40_000),
              new StringSerializer(),
              new StringSerializer())) {
        topics.ensureEvents(topic);
        for (int i = 0; i < 3000; i++) {
          sent.add(producer.send(new ProducerRecord<>(topic, "k" + i, "v")));
        }
      }
      for (var each : sent) {
        assertThat(each.get().hasOffset()).isTrue();
      }
    }
  }
}
