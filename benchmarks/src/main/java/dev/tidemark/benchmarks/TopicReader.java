package dev.tidemark.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemark.embedded.KafkaServer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;

/// A consumer of a topic that was created for it: a thread that reports arrivals.
final class TopicReader implements AutoCloseable {

  static final String VERSION_HEADER = "ce_aggregateversion";

  private static final int PARTITIONS = 6;
  private static final Duration POLL = Duration.ofSeconds(1);

  private final KafkaConsumer<byte[], byte[]> consumer;
  private final Arrivals arrivals;
  private final Thread thread;
  private volatile @Nullable RuntimeException failure;

  private TopicReader(KafkaConsumer<byte[], byte[]> consumer, Arrivals arrivals) {
    this.consumer = consumer;
    this.arrivals = arrivals;
    this.thread = Thread.ofPlatform().name("topic-reader").start(this::read);
  }

  /// Creates the topic, with the settings of the relay, and reads it from its beginning.
  ///
  /// @param isolation `read_committed` or `read_uncommitted`
  static TopicReader open(
      String bootstrapServers, String topic, String isolation, Arrivals arrivals)
      throws ExecutionException, InterruptedException {
    Map<String, Object> servers = Map.of("bootstrap.servers", bootstrapServers);
    try (Admin admin = Admin.create(servers)) {
      NewTopic wanted =
          new NewTopic(topic, Optional.of(PARTITIONS), Optional.empty())
              .configs(
                  Map.of(
                      TopicConfig.CLEANUP_POLICY_CONFIG,
                      TopicConfig.CLEANUP_POLICY_COMPACT,
                      TopicConfig.MIN_COMPACTION_LAG_MS_CONFIG,
                      Long.toString(Duration.ofDays(7).toMillis()),
                      TopicConfig.MAX_MESSAGE_BYTES_CONFIG,
                      Integer.toString(4 << 20)));
      KafkaServer.createTopic(admin, wanted);
    }
    KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrapServers,
                ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                isolation,
                ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
                "earliest",
                ConsumerConfig.MAX_POLL_RECORDS_CONFIG,
                10_000),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer());
    consumer.assign(
        IntStream.range(0, PARTITIONS).mapToObj(n -> new TopicPartition(topic, n)).toList());
    return new TopicReader(consumer, arrivals);
  }

  static void delete(String bootstrapServers, String topic)
      throws ExecutionException, InterruptedException {
    try (Admin admin =
        Admin.create(Map.<String, Object>of("bootstrap.servers", bootstrapServers))) {
      admin.deleteTopics(List.of(topic)).all().get();
    }
  }

  boolean isAlive() {
    return thread.isAlive();
  }

  private void read() {
    try (consumer) {
      while (true) {
        for (ConsumerRecord<byte[], byte[]> arrived : consumer.poll(POLL)) {
          byte[] version = arrived.headers().lastHeader(VERSION_HEADER).value();
          arrivals.arrived(
              new String(arrived.key(), UTF_8), Long.parseLong(new String(version, UTF_8)));
        }
      }
    } catch (WakeupException closed) {
      // As wanted.
    } catch (RuntimeException e) {
      failure = e;
    }
  }

  /// Throws the exception that stopped the reading before its time, if any.
  @Override
  public void close() {
    consumer.wakeup();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (failure != null) {
      throw new IllegalStateException("the topic was not read to its end", failure);
    }
  }
}
