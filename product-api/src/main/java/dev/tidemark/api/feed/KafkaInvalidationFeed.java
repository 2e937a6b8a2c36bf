package dev.tidemark.api.feed;

import dev.tidemark.cache.InvalidationListener;
import dev.tidemark.cache.store.CacheKey;
import dev.tidemark.event.ReceivedEvent;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Passes events of the topic to the near cache, from the topic's end on. It has no group, because
/// every process needs every event.
///
/// Kafka's client belongs to one thread, which [#start] starts and [#close] ends; any thread may
/// call [#state]. A fault here only leaves the near cache off: the consumer is closed, the listener
/// is told that events may be lost, and a new consumer begins at the end.
public final class KafkaInvalidationFeed implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(KafkaInvalidationFeed.class);

  /// Time limit for a connection to Kafka, over any distance and with all handshakes.
  private static final Duration CONNECT_PATIENCE = Duration.ofSeconds(10);

  /// Time limit for an answer of Kafka, and for passing on everything that was there when it was
  /// asked. It is as long as the near cache trusts a silent feed.
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  /// Interval at which the listener is told that everything was passed on.
  private static final Duration ROUND = Duration.ofMillis(100);

  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);
  private static final Duration STOP_GRACE = Duration.ofSeconds(5);

  private static final String FED = "fed";
  private static final String STARTING = "off: not fed yet";

  private final Map<String, String> kafkaClient;
  private final String topic;
  private final InvalidationListener listener;
  private final Thread thread;
  private final CountDownLatch stopping = new CountDownLatch(1);
  private Duration pause = FIRST_PAUSE;
  private volatile String state = STARTING;

  /// @param kafkaClient settings under Kafka's own names
  public KafkaInvalidationFeed(
      Map<String, String> kafkaClient, String topic, InvalidationListener listener) {
    this.kafkaClient = Map.copyOf(kafkaClient);
    this.topic = topic;
    this.listener = listener;
    this.thread = Thread.ofPlatform().daemon().name("near-cache-feed").unstarted(this::run);
  }

  /// Starts the feed and returns at once, even when Kafka does not answer.
  public void start() {
    thread.start();
  }

  /// Returns the state of the feed, with the reason when the near cache is not fed.
  public String state() {
    return state;
  }

  @Override
  public void close() {
    stopping.countDown();
    thread.interrupt();
    try {
      thread.join(STOP_GRACE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try {
      do {
        String reason;
        try {
          reason = follow();
        } catch (RuntimeException e) {
          // Any kind of failure: reads go on without a near cache, whatever is wrong here.
          reason = e.getCause() == null ? e.toString() : e + ": " + e.getCause();
        }
        listener.lost();
        if (stopping.getCount() > 0) {
          markOff(reason);
        }
      } while (!stopping.await(nextPause().toMillis(), TimeUnit.MILLISECONDS));
    } catch (InterruptedException closed) {
      Thread.currentThread().interrupt();
    }
  }

  private Duration nextPause() {
    Duration now = pause;
    Duration doubled = pause.multipliedBy(2);
    pause = doubled.compareTo(LONGEST_PAUSE) < 0 ? doubled : LONGEST_PAUSE;
    return now;
  }

  /// Follows the topic with a consumer of its own.
  ///
  /// @return why it ended
  private String follow() {
    Consumer<byte[], byte[]> consumer = consumer();
    try {
      Set<TopicPartition> partitions = partitions(consumer, CONNECT_PATIENCE);
      if (partitions.isEmpty()) {
        return "there is no topic " + topic + " yet";
      }
      consumer.assign(partitions);
      consumer.endOffsets(partitions, CONNECT_PATIENCE).forEach(consumer::seek);
      while (stopping.getCount() > 0) {
        if (!partitions(consumer, PATIENCE).equals(partitions)) {
          return "the partitions of " + topic + " have changed";
        }
        round(consumer, partitions);
      }
      return "stopped";
    } finally {
      consumer.close(CloseOptions.timeout(Duration.ZERO));
    }
  }

  /// Passes on the records that are there when it begins, and a few more.
  private void round(Consumer<byte[], byte[]> consumer, Set<TopicPartition> partitions) {
    long asked = System.nanoTime();
    Map<TopicPartition, Long> ends = consumer.endOffsets(partitions, PATIENCE);
    boolean allTold;
    do {
      consumer.poll(ROUND).forEach(this::tell);
      allTold = ends.entrySet().stream().allMatch(end -> hasReached(consumer, end));
    } while (System.nanoTime() - asked < (allTold ? ROUND : PATIENCE).toNanos());
    if (allTold) {
      listener.alive();
      markFed();
    } else {
      markOff("more than " + PATIENCE.toMillis() + " ms behind the topic");
    }
  }

  private static boolean hasReached(Consumer<?, ?> consumer, Map.Entry<TopicPartition, Long> end) {
    try {
      return consumer.position(end.getKey(), Duration.ZERO) >= end.getValue();
    } catch (TimeoutException notKnownNow) {
      return false;
    }
  }

  private void tell(ConsumerRecord<byte[], byte[]> record) {
    switch (ReceivedEvent.read(record.key(), name -> header(record, name), record.value())) {
      case ReceivedEvent.Valid event ->
          listener.changed(
              CacheKey.of(event.aggregateType(), event.aggregateId()), event.version());
      // Something changed, but the key or the version is not known for certain.
      case ReceivedEvent.Poison _ -> listener.lost();
    }
  }

  private static byte @Nullable [] header(ConsumerRecord<byte[], byte[]> record, String name) {
    Header header = record.headers().lastHeader(name);
    return header == null ? null : header.value();
  }

  /// Returns the partitions that the client knows. It asks Kafka by itself, at the interval that
  /// was set.
  private Set<TopicPartition> partitions(Consumer<?, ?> consumer, Duration patience) {
    return consumer.partitionsFor(topic, patience).stream()
        .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
        .collect(Collectors.toUnmodifiableSet());
  }

  private Consumer<byte[], byte[]> consumer() {
    Map<String, Object> settings = new HashMap<>();
    // Time until a new partition is noticed.
    settings.put(ConsumerConfig.METADATA_MAX_AGE_CONFIG, 2000);
    settings.putAll(kafkaClient);
    // Kafka answers a connection's requests one after the other: while a fetch waits for records,
    // the request for the ends waits, too.
    settings.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, (int) ROUND.toMillis());
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    settings.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    return new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  private void markFed() {
    pause = FIRST_PAUSE;
    if (!state.equals(FED)) {
      log.atInfo().addKeyValue("topic", topic).log("near cache is on");
    }
    state = FED;
  }

  private void markOff(String reason) {
    if (state.equals(FED) || state.equals(STARTING)) {
      log.atWarn()
          .addKeyValue("topic", topic)
          .addKeyValue("reason", reason)
          .log("near cache is off");
    }
    state = "off: " + reason;
  }
}
