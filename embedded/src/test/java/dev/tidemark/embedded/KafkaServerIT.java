package dev.tidemark.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KafkaServerIT {
  private static final TopicPartition TOPIC = new TopicPartition("t", 0);

  @TempDir Path dir;

  /// About one in ten of such topics loses its producer without the wait.
  @Test
  void topicsThatWereJustMadeTakeARushOfRecords() throws Exception {
    try (KafkaServer server = KafkaServer.start(dir, 0);
        Admin admin = Admin.create(Map.of("bootstrap.servers", server.bootstrapServers()))) {
      for (int n = 0; n < 40; n++) {
        String topic = "rush-" + n;
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        try (KafkaProducer<String, String> producer =
            new KafkaProducer<>(
                Map.of(
                    "bootstrap.servers", server.bootstrapServers(), "delivery.timeout.ms", 40_000),
                new StringSerializer(),
                new StringSerializer())) {
          KafkaServer.createTopic(admin, new NewTopic(topic, Optional.of(3), Optional.empty()));
          for (int i = 0; i < 3000; i++) {
            sent.add(producer.send(new ProducerRecord<>(topic, "k" + i, "v")));
          }
        }
        for (Future<RecordMetadata> each : sent) {
          assertThat(each.get().hasOffset()).isTrue();
        }
      }
    }
  }

  @Test
  void acknowledgedRecordsSurviveAKillAndAnOrderlyRestart() throws Exception {
    try (KafkaServer server = KafkaServer.start(dir, 0)) {
      try (Admin admin = Admin.create(Map.of("bootstrap.servers", server.bootstrapServers()))) {
        KafkaServer.createTopic(admin, new NewTopic("t", Optional.of(1), Optional.empty()));
      }
      send(server, "one", Map.of());

      server.kill();
      assertThat(server.isAlive()).isFalse();
      server.restart();
      send(server, "two", Map.of());

      server.restart();
      send(server, "three", Map.of("transactional.id", "writer"));

      assertThat(values(server, 3)).containsExactly("one", "two", "three");
    }
  }

  @Test
  void aPortInUseIsNamed() throws Exception {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      assertThatThrownBy(() -> KafkaServer.start(dir, other.getLocalPort()))
          .isInstanceOf(PortInUseException.class)
          .hasMessageContaining("; Kafka needs it");
    }
  }

  @Test
  void closeLeavesNoProcess() {
    KafkaServer server = KafkaServer.start(dir, 0);
    ProcessHandle process = ProcessHandle.of(server.pid()).orElseThrow();
    server.close();
    assertThat(process.isAlive()).isFalse();
  }

  private static void send(KafkaServer server, String value, Map<String, Object> settings)
      throws Exception {
    Map<String, Object> all = new java.util.HashMap<>(settings);
    all.put("bootstrap.servers", server.bootstrapServers());
    try (KafkaProducer<String, String> producer =
        new KafkaProducer<>(all, new StringSerializer(), new StringSerializer())) {
      boolean transactional = settings.containsKey("transactional.id");
      if (transactional) {
        producer.initTransactions();
        producer.beginTransaction();
      }
      producer.send(new ProducerRecord<>(TOPIC.topic(), "key", value)).get();
      if (transactional) {
        producer.commitTransaction();
      }
    }
  }

  private static List<String> values(KafkaServer server, int count) {
    try (KafkaConsumer<String, String> consumer =
        new KafkaConsumer<>(
            Map.of(
                "bootstrap.servers", server.bootstrapServers(),
                "isolation.level", "read_committed",
                "auto.offset.reset", "earliest"),
            new StringDeserializer(),
            new StringDeserializer())) {
      consumer.assign(List.of(TOPIC));
      List<String> values = new java.util.ArrayList<>();
      Awaitility.await("records of the topic")
          .atMost(Duration.ofSeconds(20))
          .until(
              () -> {
                for (ConsumerRecord<String, String> record :
                    consumer.poll(Duration.ofMillis(100))) {
                  values.add(record.value());
                }
                return values.size() >= count;
              });
      return values;
    }
  }
}
