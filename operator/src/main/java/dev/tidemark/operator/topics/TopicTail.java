package dev.tidemark.operator.topics;

import dev.tidemark.invalidation.KafkaSettings;
import dev.tidemark.invalidation.Unavailable;
import dev.tidemark.operator.run.Progress;
import dev.tidemark.operator.run.StopRequest;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;

/// Reads topics from their beginning and then continues with new records, on a thread of its own,
/// with a consumer that has no group (H41). Added partitions are read, too (H39). Thread-safe.
///
/// Uncommitted records are read as well, because an invalidator may have evicted by them already.
public final class TopicTail implements AutoCloseable {

  private static final Duration POLL = Duration.ofMillis(500);
  private static final Duration LOOK = Duration.ofMillis(100);

  /// Longest time for which Kafka may be silent.
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private static final int MAX_POLL_RECORDS = 5000;
  private static final int FETCH_BYTES = 4 << 20;
  private static final int REQUEST_TIMEOUT_MILLIS = 10_000;

  private final KafkaSettings settings;
  private final Consumer<ConsumerRecord<byte[], byte[]>> sink;
  private final Admin admin;
  private final KafkaConsumer<byte[], byte[]> consumer;
  private final Thread thread = Thread.ofPlatform().name("topic-tail").unstarted(this::read);

  private final Map<TopicPartition, Long> positions = new HashMap<>();
  private final Set<TopicPartition> wanted = new HashSet<>();
  private @Nullable Throwable failure;
  private volatile boolean closed;

  private TopicTail(
      KafkaSettings settings,
      Consumer<ConsumerRecord<byte[], byte[]>> sink,
      Admin admin,
      KafkaConsumer<byte[], byte[]> consumer) {
    this.settings = settings;
    this.sink = sink;
    this.admin = admin;
    this.consumer = consumer;
  }

  /// Opens the clients. Reads nothing before [#readToEnd].
  ///
  /// @param sink is given every record, those of a partition in order, on one thread
  public static TopicTail open(
      KafkaSettings settings, Consumer<ConsumerRecord<byte[], byte[]>> sink) {
    Map<String, Object> own = settings.forClient();
    own.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, REQUEST_TIMEOUT_MILLIS);
    own.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) PATIENCE.toMillis());
    return new TopicTail(settings, sink, Admin.create(own), consumer(settings));
  }

  private static KafkaConsumer<byte[], byte[]> consumer(KafkaSettings settings) {
    Map<String, Object> own = settings.forClient();
    own.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_uncommitted");
    own.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    own.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    own.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    own.putIfAbsent(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, (int) LOOK.toMillis());
    own.putIfAbsent(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, MAX_POLL_RECORDS);
    own.putIfAbsent(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, FETCH_BYTES);
    return new KafkaConsumer<>(own, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  /// Returns when everything that the topics held when this was called is read and given to the
  /// sink.
  ///
  /// @param progress receives the number of offsets that are read, and of those that there are
  /// @throws StopRequest.Stopped when the command is to end
  /// @throws Unavailable when a topic is not there, or Kafka is silent for long
  public void readToEnd(StopRequest stopping, Progress progress) {
    Map<TopicPartition, Long> ends = ends();
    want(ends.keySet());
    long total = sum(ends);
    long before = -1;
    long begin = System.nanoTime();
    progress.begin("read", "records", total);
    while (true) {
      long read = awaitRead(ends);
      if (read == total) {
        progress.done(total);
        return;
      }
      stopping.check();
      if (read > before) {
        before = read;
        begin = System.nanoTime();
        progress.done(read);
      } else if (System.nanoTime() - begin > PATIENCE.toNanos()) {
        throw new Unavailable(
            "Kafka has sent nothing for %d s: see that it runs".formatted(PATIENCE.toSeconds()));
      }
    }
  }

  /// Returns as the other `readToEnd` does, without reporting progress, which belongs to another
  /// step.
  public void readToEnd(StopRequest stopping) {
    readToEnd(stopping, new Progress());
  }

  /// Waits a short time for all to be read.
  private synchronized long awaitRead(Map<TopicPartition, Long> ends) {
    long total = sum(ends);
    long until = System.nanoTime() + LOOK.toNanos();
    while (true) {
      if (failure != null) {
        throw new KafkaException("the topics were not read: " + failure, failure);
      }
      long read = readOf(ends);
      long left = until - System.nanoTime();
      if (read == total || left <= 0) {
        return read;
      }
      try {
        TimeUnit.NANOSECONDS.timedWait(this, left);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new KafkaException("interrupted while the topics were read", e);
      }
    }
  }

  private long readOf(Map<TopicPartition, Long> ends) {
    long read = 0;
    for (Map.Entry<TopicPartition, Long> end : ends.entrySet()) {
      read += Math.min(end.getValue(), positions.getOrDefault(end.getKey(), 0L));
    }
    return read;
  }

  private static long sum(Map<TopicPartition, Long> ends) {
    return ends.values().stream().mapToLong(Long::longValue).sum();
  }

  private synchronized void want(Set<TopicPartition> partitions) {
    if (!wanted.addAll(partitions)) {
      return;
    }
    if (isUnused()) {
      thread.start();
    } else {
      consumer.wakeup();
    }
  }

  /// Returns the ends of all partitions that the topics have now.
  private Map<TopicPartition, Long> ends() {
    try {
      Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
      for (TopicDescription topic :
          admin.describeTopics(settings.topics()).allTopicNames().get().values()) {
        topic
            .partitions()
            .forEach(
                partition ->
                    latest.put(
                        new TopicPartition(topic.name(), partition.partition()),
                        OffsetSpec.latest()));
      }
      Map<TopicPartition, Long> ends = new HashMap<>();
      admin
          .listOffsets(latest)
          .all()
          .get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
          .forEach((partition, end) -> ends.put(partition, end.offset()));
      return ends;
    } catch (ExecutionException e) {
      throw e.getCause() instanceof UnknownTopicOrPartitionException
          ? KafkaSettings.noTopic(String.join(", ", settings.topics()))
          : settings.unreachable(e);
    } catch (TimeoutException e) {
      throw settings.unreachable("no answer for %d s".formatted(PATIENCE.toSeconds()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KafkaException("interrupted while Kafka was asked for ends", e);
    }
  }

  private void read() {
    try (consumer) {
      while (!closed) {
        try {
          assignWanted();
          consumer.poll(POLL).forEach(sink);
          tell();
        } catch (WakeupException look) {
          // A partition must be assigned, or the end has come.
        }
      }
    } catch (RuntimeException | Error e) {
      // Reported to the caller that waits for this thread.
      synchronized (this) {
        failure = e;
        notifyAll();
      }
    }
  }

  private void assignWanted() {
    Set<TopicPartition> all;
    synchronized (this) {
      all = Set.copyOf(wanted);
    }
    Set<TopicPartition> more = new HashSet<>(all);
    more.removeAll(consumer.assignment());
    if (!more.isEmpty()) {
      consumer.assign(all);
      consumer.seekToBeginning(more);
    }
  }

  /// Publishes the positions up to which all is given to the sink. A position passes offsets that
  /// have no record: the markers of transactions, and compacted records.
  private void tell() {
    Map<TopicPartition, Long> now = new HashMap<>();
    for (TopicPartition partition : consumer.assignment()) {
      now.put(partition, consumer.position(partition));
    }
    synchronized (this) {
      positions.putAll(now);
      notifyAll();
    }
  }

  @Override
  public void close() {
    closed = true;
    admin.close(Duration.ZERO);
    if (isUnused()) {
      consumer.close();
      return;
    }
    consumer.wakeup();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean isUnused() {
    return thread.getState() == Thread.State.NEW;
  }
}
