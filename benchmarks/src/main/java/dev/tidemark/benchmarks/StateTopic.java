package dev.tidemark.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.event.OutboxEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/// A topic with one state of each of many aggregates, as the relay writes them. Immutable, except
/// for the topic itself.
final class StateTopic {

  private static final int PARTITIONS = 6;
  private static final Duration POLL = Duration.ofSeconds(1);

  private final Map<String, Object> servers;
  private final String name;
  private final int payload;
  private final List<String> ids;

  /// @param payload size of a state as JSON
  StateTopic(String bootstrapServers, String name, int states, int payload) {
    this.servers = Map.of("bootstrap.servers", bootstrapServers);
    this.name = name;
    this.payload = payload;
    this.ids = Stream.generate(() -> UUID.randomUUID().toString()).limit(states).toList();
  }

  String name() {
    return name;
  }

  /// Returns the key in the cache.
  byte[] key(int i) {
    return ("product:" + ids.get(i)).getBytes(UTF_8);
  }

  byte[] value(int i) {
    return json(ids.get(i)).getBytes(UTF_8);
  }

  private String json(String id) {
    String start = "{\"id\":\"%s\",\"version\":42,\"description\":\"".formatted(id);
    int rest = payload - start.length() - 2;
    if (rest < 0) {
      throw new IllegalArgumentException(
          "a payload has at least %d bytes, not %d".formatted(start.length() + 2, payload));
    }
    return start + "d".repeat(rest) + "\"}";
  }

  /// Creates the topic and fills it.
  void write() throws ExecutionException, InterruptedException {
    try (Admin admin = Admin.create(servers);
        KafkaProducer<byte[], byte[]> producer =
            new KafkaProducer<>(
                Map.of(
                    ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                    servers.get("bootstrap.servers"),
                    ProducerConfig.BATCH_SIZE_CONFIG,
                    256 << 10,
                    ProducerConfig.LINGER_MS_CONFIG,
                    100),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
      KafkaServer.createTopic(admin, new NewTopic(name, Optional.of(PARTITIONS), Optional.empty()));
      Instant time = Instant.parse("2026-01-01T00:00:00.123456Z");
      for (String id : ids) {
        OutboxEvent event =
            new OutboxEvent(
                UUID.randomUUID(),
                "product",
                id,
                42,
                "product.updated",
                json(id),
                Optional.empty(),
                time);
        ProducerRecord<byte[], byte[]> record =
            new ProducerRecord<>(name, event.key(), event.value());
        event.headers((header, value) -> record.headers().add(header, value));
        var _ = producer.send(record);
      }
    }
  }

  /// Reads the topic in the plainest way.
  ///
  /// @param each is given id and value of each state
  /// @param batchEnd runs after so many of them, and after the last
  void read(int batch, BiConsumer<String, byte[]> each, Runnable batchEnd) {
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                servers.get("bootstrap.servers"),
                ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
                "earliest",
                ConsumerConfig.MAX_POLL_RECORDS_CONFIG,
                batch),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      consumer.assign(
          IntStream.range(0, PARTITIONS).mapToObj(n -> new TopicPartition(name, n)).toList());
      for (int read = 0; read < ids.size(); ) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
          each.accept(new String(record.key(), UTF_8), record.value());
          read++;
        }
        batchEnd.run();
      }
    }
  }
}
