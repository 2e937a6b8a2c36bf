package dev.tidemark.benchmarks;

import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.event.OutboxEvent;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/// A topic of changes of distinct products, as the relay would write them: product n has changed
/// from version 1 to 2.
///
/// @param events how many there are
record EvictionTopic(String bootstrapServers, String name, int events) {

  /// Version of an eviction by these events.
  static final long VERSION = 2;

  private static final String TYPE = "product";
  private static final int PARTITIONS = 6;

  /// Creates and fills the topic.
  ///
  /// @param payload size of an event's value
  static EvictionTopic write(String bootstrapServers, int events, int payload)
      throws ExecutionException, InterruptedException {
    EvictionTopic topic = new EvictionTopic(bootstrapServers, "product.events", events);
    try (Admin admin =
        Admin.create(Map.<String, Object>of("bootstrap.servers", bootstrapServers))) {
      NewTopic wanted = new NewTopic(topic.name(), Optional.of(PARTITIONS), Optional.empty());
      KafkaServer.createTopic(admin, wanted);
    }
    Instant committed = Instant.parse("2026-01-01T00:00:00.123456Z");
    Optional<String> trace = Optional.of("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", bootstrapServers, "linger.ms", 5, "batch.size", 256 << 10),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      for (int n = 0; n < events; n++) {
        OutboxEvent event =
            new OutboxEvent(
                UUID.randomUUID(),
                TYPE,
                id(n),
                VERSION,
                TYPE + ".updated",
                value(id(n), payload),
                trace,
                committed);
        ProducerRecord<byte[], byte[]> record =
            new ProducerRecord<>(topic.name(), event.key(), event.value());
        event.headers((header, text) -> record.headers().add(header, text));
        var _ = producer.send(record);
      }
    }
    return topic;
  }

  /// Returns a value of about this number of bytes.
  private static String value(String id, int bytes) {
    String start = "{\"id\":\"%s\",\"version\":%d,\"name\":\"".formatted(id, VERSION);
    return start + "x".repeat(Math.max(0, bytes - start.length() - 2)) + "\"}";
  }

  private static String id(int n) {
    return "product-" + n;
  }

  /// Returns the cache's key of product n.
  static String key(int n) {
    return TYPE + ":" + id(n);
  }
}
