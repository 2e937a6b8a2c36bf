package dev.tidemark.api.feed;

import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.event.OutboxEvent;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/// A topic of its own for a test, in which the test publishes as the relay would.
final class EventTopic implements AutoCloseable {

  private final String name = "t-" + UUID.randomUUID();
  private final String bootstrapServers;
  private final Admin admin;
  private final KafkaProducer<byte[], byte[]> producer;

  /// Chooses only a name; see [#create].
  EventTopic(String bootstrapServers) {
    this.bootstrapServers = bootstrapServers;
    this.admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers));
    this.producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", bootstrapServers, "acks", "all", "linger.ms", "0"),
            new ByteArraySerializer(),
            new ByteArraySerializer());
  }

  String name() {
    return name;
  }

  EventTopic create(int partitions) {
    await(
        () ->
            KafkaServer.createTopic(
                admin, new NewTopic(name, Optional.of(partitions), Optional.empty())));
    return this;
  }

  void delete() {
    await(() -> admin.deleteTopics(List.of(name)).all().get());
  }

  void grow(int partitions) {
    await(
        () ->
            admin.createPartitions(Map.of(name, NewPartitions.increaseTo(partitions))).all().get());
  }

  /// Publishes an event, and returns when Kafka has it.
  void publish(String id, long version) {
    publish(0, id, version);
  }

  void publish(int partition, String id, long version) {
    await(() -> producer.send(event(partition, id, version)).get());
  }

  /// Publishes an event with a marker after it in the topic, which takes an offset of its own.
  void publishInTransaction(String id, long version) {
    try (KafkaProducer<byte[], byte[]> transactional =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", bootstrapServers, "transactional.id", name),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      transactional.initTransactions();
      transactional.beginTransaction();
      await(() -> transactional.send(event(0, id, version)).get());
      transactional.commitTransaction();
    }
  }

  /// Publishes a record that contains only its key.
  void publishPoison(String key) {
    await(
        () ->
            producer
                .send(
                    new ProducerRecord<>(
                        name, 0, key.getBytes(StandardCharsets.UTF_8), new byte[] {'?'}))
                .get());
  }

  /// Publishes an event whose value belongs to another.
  void publishContradiction(String id, long version) {
    ProducerRecord<byte[], byte[]> event = event(0, id, version);
    await(
        () ->
            producer
                .send(
                    new ProducerRecord<>(
                        name,
                        0,
                        event.key(),
                        "{}".getBytes(StandardCharsets.UTF_8),
                        event.headers()))
                .get());
  }

  private ProducerRecord<byte[], byte[]> event(int partition, String id, long version) {
    OutboxEvent event =
        new OutboxEvent(
            UUID.randomUUID(),
            "product",
            id,
            version,
            "product.updated",
            "{\"id\":\"%s\",\"version\":%d}".formatted(id, version),
            Optional.empty(),
            Instant.now());
    ProducerRecord<byte[], byte[]> record =
        new ProducerRecord<>(name, partition, event.key(), event.value());
    event.headers((header, value) -> record.headers().add(header, value));
    return record;
  }

  private interface Step {
    void run() throws ExecutionException, InterruptedException;
  }

  private static void await(Step step) {
    try {
      step.run();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    producer.close(Duration.ZERO);
    admin.close(Duration.ZERO);
  }
}
