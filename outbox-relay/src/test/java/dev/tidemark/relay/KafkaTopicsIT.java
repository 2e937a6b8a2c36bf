package dev.tidemark.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.embedded.KafkaServer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The topics that the relay makes.
class KafkaTopicsIT {
  /// About one in ten is lost when it is not waited for.
  private static final int TOPICS = 40;

  @TempDir static Path folder;
  private static KafkaServer kafka;

  @BeforeAll
  static void start() {
    kafka = KafkaServer.start(folder, 0);
  }

  @AfterAll
  static void stop() {
    kafka.close();
  }

  @Test
  void topicsThatWereJustMadeTakeARushOfRecords() throws Exception {
    var configuration =
        Configuration.from(
            Map.of(
                "DATABASE_URL",
                "postgresql://nobody@127.0.0.1/none",
                "KAFKA_BOOTSTRAP_SERVERS",
                kafka.bootstrapServers()));
    var topics = new KafkaTopics(configuration);
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
