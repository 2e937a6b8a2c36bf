package dev.tidemark.invalidator;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.event.OutboxEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/// A topic of real Kafka, filled as the relay would fill it.
public final class TestTopic implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final String bootstrapServers;
  private final String name;
  private final Admin admin;
  private final KafkaProducer<byte[], byte[]> producer;
  private final List<Future<?>> sent = new ArrayList<>();

  public TestTopic(String bootstrapServers, String name) {
    this.bootstrapServers = bootstrapServers;
    this.name = name;
    this.admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers));
    this.producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", bootstrapServers, "acks", "all", "linger.ms", "0"),
            new ByteArraySerializer(),
            new ByteArraySerializer());
  }

  public String name() {
    return name;
  }

  public TestTopic create(int partitions) throws ExecutionException, InterruptedException {
    return create(partitions, Map.of());
  }

  TestTopic create(int partitions, Map<String, String> settings)
      throws ExecutionException, InterruptedException {
    KafkaServer.createTopic(
        admin, new NewTopic(name, Optional.of(partitions), Optional.empty()).configs(settings));
    return this;
  }

  /// Publishes a record without headers that is larger than its compressed form.
  void publishCompressed(String key, String value) {
    try (KafkaProducer<byte[], byte[]> compressing =
        new KafkaProducer<>(
            Map.of(
                "bootstrap.servers",
                bootstrapServers,
                "compression.type",
                "gzip",
                "max.request.size",
                16 << 20),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      checkWritten(
          compressing.send(
              new ProducerRecord<>(name, 0, key.getBytes(UTF_8), value.getBytes(UTF_8))));
    }
  }

  public void publish(String id, long version) {
    send(event(id, version));
  }

  public void publishDeletion(String id, long version) {
    send(
        event(
            id,
            version,
            "product.deleted",
            "{\"id\":\"%s\",\"version\":%d,\"deleted\":true}".formatted(id, version)));
  }

  private void send(ProducerRecord<byte[], byte[]> record) {
    Future<?> one = producer.send(record);
    producer.flush();
    checkWritten(one);
  }

  /// Sends the first of many events. It may be on its way until [#flush].
  public void send(String id, long version) {
    sent.add(producer.send(event(id, version)));
  }

  public void flush() {
    producer.flush();
    sent.forEach(TestTopic::checkWritten);
    sent.clear();
  }

  private static void checkWritten(Future<?> record) {
    try {
      record.get();
    } catch (ExecutionException | InterruptedException e) {
      throw new AssertionError("a record was not written", e);
    }
  }

  public void addPartitionsUpTo(int count) throws ExecutionException, InterruptedException {
    admin.createPartitions(Map.of(name, NewPartitions.increaseTo(count))).all().get();
    KafkaServer.awaitWritable(admin, name, count);
  }

  public void publishTo(int partition, String id, long version) {
    ProducerRecord<byte[], byte[]> event = event(id, version);
    var _ =
        producer.send(
            new ProducerRecord<>(name, partition, event.key(), event.value(), event.headers()));
    producer.flush();
  }

  /// Publishes many events at once, each with its own id.
  void publishMany(Stream<String> ids, long version) {
    ids.forEach(
        id -> {
          var _ = producer.send(event(id, version));
        });
    producer.flush();
  }

  /// Publishes like the relay: each batch in a transaction, which leaves a marker in the topic.
  public void publishInTransaction(String id, long version) {
    inTransaction(id, version, KafkaProducer::commitTransaction);
  }

  /// Publishes like a program that dies in its transaction.
  public void publishAborted(String id, long version) {
    inTransaction(id, version, KafkaProducer::abortTransaction);
  }

  private void inTransaction(String id, long version, Consumer<KafkaProducer<byte[], byte[]>> end) {
    try (KafkaProducer<byte[], byte[]> transactional =
        new KafkaProducer<>(
            Map.of(
                "bootstrap.servers",
                bootstrapServers,
                "transactional.id",
                "test-" + UUID.randomUUID()),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      transactional.initTransactions();
      transactional.beginTransaction();
      var _ = transactional.send(event(id, version));
      transactional.flush();
      end.accept(transactional);
    }
  }

  public void publishRaw(
      @Nullable String key, Map<String, String> headers, @Nullable String value) {
    ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(name, 0, bytes(key), bytes(value));
    headers.forEach((header, text) -> record.headers().add(header, text.getBytes(UTF_8)));
    var _ = producer.send(record);
    producer.flush();
  }

  public void delete() throws ExecutionException, InterruptedException {
    admin.deleteTopics(List.of(name)).all().get();
  }

  /// Deletes records like retention does.
  public void deleteBefore(int partition, long offset)
      throws ExecutionException, InterruptedException {
    admin
        .deleteRecords(
            Map.of(new TopicPartition(name, partition), RecordsToDelete.beforeOffset(offset)))
        .all()
        .get();
  }

  /// Returns the sum over the partitions; 0 where nothing is committed.
  public long committed(String group) throws ExecutionException, InterruptedException {
    return admin
        .listConsumerGroupOffsets(group)
        .partitionsToOffsetAndMetadata()
        .get()
        .values()
        .stream()
        .mapToLong(offset -> offset.offset())
        .sum();
  }

  /// Returns what is committed, of each partition with a committed offset.
  public Collection<OffsetAndMetadata> committedWords(String group)
      throws ExecutionException, InterruptedException {
    return admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().values();
  }

  /// Sets the group back, like an operator while the group has no member.
  void setBack(String group) throws ExecutionException, InterruptedException {
    Map<TopicPartition, OffsetAndMetadata> first = new HashMap<>();
    admin
        .listConsumerGroupOffsets(group)
        .partitionsToOffsetAndMetadata()
        .get()
        .keySet()
        .forEach(partition -> first.put(partition, new OffsetAndMetadata(0)));
    admin.alterConsumerGroupOffsets(group, first).all().get();
  }

  /// Returns all letters that are there now.
  public List<ConsumerRecord<byte[], byte[]>> allDeadLetters() {
    try (TestTopic letters = new TestTopic(bootstrapServers, name + ".dlt")) {
      return letters.records();
    }
  }

  /// Returns all consumer groups that Kafka knows.
  public List<String> groups() throws ExecutionException, InterruptedException {
    return admin.listGroups().all().get().stream().map(GroupListing::groupId).toList();
  }

  /// Returns all committed records, those of a partition in order.
  public List<ConsumerRecord<byte[], byte[]>> records() {
    List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            Map.of(
                "bootstrap.servers",
                bootstrapServers,
                "auto.offset.reset",
                "earliest",
                "isolation.level",
                "read_committed"),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(name).stream()
              .map(partition -> new TopicPartition(name, partition.partition()))
              .toList();
      consumer.assign(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (partitions.stream().anyMatch(one -> consumer.position(one) < ends.get(one))) {
        consumer.poll(Duration.ofMillis(100)).forEach(records::add);
      }
    }
    return records;
  }

  /// Reads the dead letters from the first on, until this number is there.
  List<ConsumerRecord<byte[], byte[]>> deadLetters(int count) {
    List<ConsumerRecord<byte[], byte[]>> letters = new ArrayList<>();
    long end = System.nanoTime() + PATIENCE.toNanos();
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", bootstrapServers, "auto.offset.reset", "earliest"),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      TopicPartition partition = new TopicPartition(name + ".dlt", 0);
      consumer.assign(List.of(partition));
      while (letters.size() < count && System.nanoTime() < end) {
        consumer.poll(Duration.ofMillis(100)).forEach(letters::add);
      }
    }
    return letters;
  }

  private ProducerRecord<byte[], byte[]> event(String id, long version) {
    return event(id, version, "product.updated", json(id, version));
  }

  public static String json(@Nullable String id, Object version) {
    return "{\"id\":\"%s\",\"version\":%s}".formatted(id, version);
  }

  private ProducerRecord<byte[], byte[]> event(
      String id, long version, String type, String payload) {
    OutboxEvent event =
        new OutboxEvent(
            UUID.randomUUID(),
            "product",
            id,
            version,
            type,
            payload,
            Optional.empty(),
            Instant.now());
    ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(name, event.key(), event.value());
    event.headers((header, value) -> record.headers().add(header, value));
    return record;
  }

  private static byte @Nullable [] bytes(@Nullable String text) {
    return text == null ? null : text.getBytes(UTF_8);
  }

  @Override
  public void close() {
    producer.close(Duration.ZERO);
    admin.close(Duration.ZERO);
  }
}
