package dev.tidemark.devstack.demo;

import dev.tidemark.devstack.stack.StackException;
import dev.tidemark.event.EventHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.generic.GenericType;

/// Compares the outbox with the topic after the writes have ended, and waits until the invalidator
/// has applied all events. Confined to one thread.
final class TopicCheck {
  static final String GROUP = "tidemark-invalidator";

  private static final Duration POLL = Duration.ofMillis(50);

  /// @param outboxRows rows of the outbox
  /// @param missing of them not in the topic
  /// @param repeated events that are more than once in the topic, for a `read_committed` reader
  /// @param outOfOrder records whose version is not above that of the product's previous record
  /// @param broken products whose outbox rows are not its versions, each once and without a gap, up
  ///   to that of the database
  /// @param applied whether the invalidator has committed its position behind the last event
  /// @param took from the beginning of the check until then
  record Result(
      long outboxRows,
      long missing,
      long repeated,
      long outOfOrder,
      long broken,
      boolean applied,
      Duration took) {
    boolean isGood() {
      return missing == 0 && repeated == 0 && outOfOrder == 0 && broken == 0 && applied;
    }
  }

  private final Duration patience;
  private final Set<String> awaited;
  private final int outboxRows;
  private final Set<String> seen = new HashSet<>();
  private final Map<String, Long> newest = new HashMap<>();
  private final Map<TopicPartition, Long> lastEvent = new HashMap<>();
  private long repeated;
  private long outOfOrder;

  private TopicCheck(Set<String> outboxIds, Duration patience) {
    this.patience = patience;
    this.awaited = outboxIds;
    this.outboxRows = outboxIds.size();
  }

  /// @param patience time without new records after which the rest counts as lost
  static Result run(Jdbi database, String bootstrapServers, String topic, Duration patience)
      throws InterruptedException {
    long begin = System.nanoTime();
    TopicCheck check =
        new TopicCheck(
            database.withHandle(
                handle ->
                    handle
                        .createQuery("select id::text from outbox where aggregatetype = 'product'")
                        .mapTo(String.class)
                        .collectInto(new GenericType<HashSet<String>>() {})),
            patience);
    check.readTopic(bootstrapServers, topic);
    boolean applied = check.awaitApplied(bootstrapServers);
    return new Result(
        check.outboxRows,
        check.awaited.size(),
        check.repeated,
        check.outOfOrder,
        broken(database),
        applied,
        Duration.ofNanos(System.nanoTime() - begin));
  }

  private void readTopic(String bootstrapServers, String topic) {
    try (KafkaConsumer<String, byte[]> consumer =
        new KafkaConsumer<>(
            Map.of(
                "bootstrap.servers", bootstrapServers,
                "isolation.level", "read_committed",
                "enable.auto.commit", "false"),
            new StringDeserializer(),
            new ByteArrayDeserializer())) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(topic).stream()
              .map(info -> new TopicPartition(info.topic(), info.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      long lastNews = System.nanoTime();
      while (System.nanoTime() - lastNews < patience.toNanos()) {
        for (ConsumerRecord<String, byte[]> record : consumer.poll(POLL)) {
          lastNews = System.nanoTime();
          accept(record);
        }
        if (awaited.isEmpty() && isAtEnd(consumer, partitions)) {
          return;
        }
      }
    }
  }

  private void accept(ConsumerRecord<String, byte[]> record) {
    lastEvent.put(new TopicPartition(record.topic(), record.partition()), record.offset());
    String id = header(record, EventHeaders.ID);
    long version = Long.parseLong(header(record, EventHeaders.AGGREGATE_VERSION));
    awaited.remove(id);
    if (!seen.add(id)) {
      repeated++;
      return;
    }
    Long previous = newest.put(record.key(), version);
    if (previous != null && version <= previous) {
      outOfOrder++;
    }
  }

  private static boolean isAtEnd(
      KafkaConsumer<String, byte[]> consumer, List<TopicPartition> partitions) {
    Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
    return partitions.stream()
        .allMatch(partition -> consumer.position(partition) >= ends.getOrDefault(partition, 0L));
  }

  /// Waits until the invalidator has applied all. After the last event of a partition there may be
  /// a marker of its transaction, which no consumer counts, so the position is compared with the
  /// last event, not with the end.
  private boolean awaitApplied(String bootstrapServers) throws InterruptedException {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers))) {
      long lastNews = System.nanoTime();
      Map<TopicPartition, OffsetAndMetadata> committed = Map.of();
      while (System.nanoTime() - lastNews < patience.toNanos()) {
        Map<TopicPartition, OffsetAndMetadata> now =
            admin.listConsumerGroupOffsets(GROUP).partitionsToOffsetAndMetadata().get();
        if (isApplied(now)) {
          return true;
        }
        if (!now.equals(committed)) {
          committed = now;
          lastNews = System.nanoTime();
        }
        LockSupport.parkNanos(POLL.toNanos());
      }
      return false;
    } catch (ExecutionException e) {
      throw new StackException("Kafka does not tell the positions of " + GROUP + ": " + e, e);
    }
  }

  private boolean isApplied(Map<TopicPartition, OffsetAndMetadata> committed) {
    return lastEvent.entrySet().stream()
        .allMatch(
            last -> {
              OffsetAndMetadata position = committed.get(last.getKey());
              return position != null && position.offset() > last.getValue();
            });
  }

  /// Returns the number of broken products. Rows that left the outbox after their retention time
  /// are the oldest ones, so the remaining rows must still be without a gap.
  private static long broken(Jdbi database) {
    return database.withHandle(
        handle ->
            handle
                .createQuery(
                    """
                    select count(*)
                      from (select aggregateid, count(*) as rows, min(version) as lowest, max(version) as highest
                              from outbox where aggregatetype = 'product' group by aggregateid) o
                      left join product p on p.id = o.aggregateid
                     where o.rows <> o.highest - o.lowest + 1 or o.highest is distinct from p.version\
                    """)
                .mapTo(Long.class)
                .one());
  }

  private static String header(ConsumerRecord<String, byte[]> record, String name) {
    Header header = record.headers().lastHeader(name);
    if (header == null) {
      throw new StackException(
          "the record at offset %d of %s-%d has no header %s"
              .formatted(record.offset(), record.topic(), record.partition(), name));
    }
    return new String(header.value(), StandardCharsets.UTF_8);
  }
}
