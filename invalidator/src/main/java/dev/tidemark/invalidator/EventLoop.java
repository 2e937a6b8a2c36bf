package dev.tidemark.invalidator;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The live path, on the one thread that owns the consumer: poll, evict the newest version of each
/// key, and only when every answer was good commit.
///
/// What cannot be applied now (Redis away, dead letters not sent) stays pending: the partitions are
/// paused, the loop goes on polling so as to stay in the group, and tries again with a growing
/// pause. Nothing is read beyond it, nothing is skipped.
final class EventLoop {

  private static final Logger log = LoggerFactory.getLogger(EventLoop.class);

  /// How long a poll waits for records; also how soon a request to stop is seen.
  private static final Duration POLL = Duration.ofMillis(200);

  private static final Duration FIRST_RETRY = Duration.ofMillis(50);
  private static final Duration LONGEST_RETRY = Duration.ofSeconds(1);

  private static final int MAX_POLL_RECORDS = 1000;

  private final Configuration configuration;
  private final Evictor evictor;
  private final Obstacle obstacle;
  private final KafkaLag lag;
  private final RedisWatch redis;
  private final InvalidatorMetrics metrics;
  private final CommitToEvict commitToEvict;

  private final VersionGaps gaps;
  private final Rewind rewind;
  private final PendingEvictions pending = new PendingEvictions();
  private Duration retry = FIRST_RETRY;
  private volatile boolean stopping;

  EventLoop(
      Configuration configuration,
      Evictor evictor,
      Obstacle obstacle,
      KafkaLag lag,
      RedisWatch redis,
      Rewind rewind,
      InvalidatorMetrics metrics,
      CommitToEvict commitToEvict,
      Clock clock) {
    this.configuration = configuration;
    this.evictor = evictor;
    this.obstacle = obstacle;
    this.lag = lag;
    this.redis = redis;
    this.rewind = rewind;
    this.metrics = metrics;
    this.commitToEvict = commitToEvict;
    this.gaps = new VersionGaps(clock);
  }

  /// Runs on the calling thread until [#stop]. What it throws is the end of the process.
  void run() {
    // Where the entries are has to be known before anything is applied to them.
    while (!redis.isKnownWithin(POLL)) {
      if (stopping) {
        return;
      }
    }
    try (Consumer<byte[], byte[]> consumer = consumer()) {
      Offsets offsets = new Offsets(consumer, redis, configuration.rewind());
      consumer.subscribe(configuration.kafka().topics(), new Rebalance(consumer, offsets));
      obstacle.isGone();
      while (!stopping) {
        step(consumer, offsets);
      }
      offsets.handOverAll();
    }
  }

  /// Asks the loop to end after the step that it is at. From any thread.
  void stop() {
    stopping = true;
  }

  private void step(Consumer<byte[], byte[]> consumer, Offsets offsets) {
    redis
        .takeChange()
        .ifPresent(
            change -> {
              // Pending records are read again as well, or their offsets would be committed before
              // those that come earlier now.
              pending.clear();
              rewind(offsets.before(change), consumer, offsets);
              goOn(consumer);
            });
    long oldest = Long.MAX_VALUE;
    for (ConsumerRecord<byte[], byte[]> record : consumer.poll(pending.isEmpty() ? POLL : retry)) {
      oldest = Math.min(oldest, record.timestamp());
      EventReading reading = EventReading.of(record);
      gaps.before(record, reading).ifPresent(this::heal);
      pending.add(record, rewind.repeats(record) ? reading.again() : reading);
    }
    if (oldest < Long.MAX_VALUE) {
      lag.read(Instant.ofEpochMilli(oldest));
    }
    if (pending.isEmpty()) {
      offsets.passOver();
      offsets.commit();
      return;
    }
    Optional<String> reason = evictor.apply(pending);
    if (reason.isEmpty()) {
      PendingEvictions.Done done = pending.done();
      done.times().forEach(commitToEvict::took);
      offsets.applied(done.offsets());
      rewind.done(offsets.applied());
      offsets.commit();
      goOn(consumer);
    } else {
      hold(consumer, reason.get());
    }
  }

  private void heal(VersionGaps.Gap gap) {
    metrics.gap();
    log.atWarn()
        .addKeyValue("key", gap.key())
        .addKeyValue("after", gap.after())
        .addKeyValue("before", gap.before())
        .log("versions in between did not come; the entry is evicted by force");
    pending.force(gap.key());
  }

  private void rewind(Map<TopicPartition, Long> targets, Consumer<?, ?> consumer, Offsets offsets) {
    if (targets.isEmpty()) {
      return;
    }
    rewind.begin(targets, offsets.applied());
    offsets.rewound(targets);
    targets.forEach(consumer::seek);
    metrics.rewind();
  }

  private void goOn(Consumer<?, ?> consumer) {
    if (obstacle.reason().isPresent()) {
      obstacle.isGone();
      consumer.resume(consumer.paused());
      retry = FIRST_RETRY;
    }
  }

  private void hold(Consumer<?, ?> consumer, String reason) {
    if (obstacle.reason().isPresent()) {
      Duration doubled = retry.multipliedBy(2);
      retry = doubled.compareTo(LONGEST_RETRY) < 0 ? doubled : LONGEST_RETRY;
    }
    obstacle.is(reason);
    consumer.pause(consumer.assignment());
  }

  private Consumer<byte[], byte[]> consumer() {
    Map<String, Object> settings = new HashMap<>();
    settings.put(ConsumerConfig.GROUP_PROTOCOL_CONFIG, "consumer");
    settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, MAX_POLL_RECORDS);
    settings.putAll(configuration.kafka().client());
    settings.put(ConsumerConfig.GROUP_ID_CONFIG, configuration.group());
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    settings.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    return new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  /// Called by the consumer while it polls, on the same thread.
  private final class Rebalance implements ConsumerRebalanceListener {

    private final Consumer<?, ?> consumer;
    private final Offsets offsets;

    Rebalance(Consumer<?, ?> consumer, Offsets offsets) {
      this.consumer = consumer;
      this.offsets = offsets;
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
      if (!pending.isEmpty()) {
        consumer.pause(partitions);
      }
      rewind(offsets.begin(partitions), consumer, offsets);
      lag.assigned(consumer.assignment());
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
      pending.forget(partitions);
      rewind.forget(partitions);
      gaps.forget(partitions);
      offsets.handOver(partitions);
      lag.assigned(without(partitions));
    }

    @Override
    public void onPartitionsLost(Collection<TopicPartition> partitions) {
      pending.forget(partitions);
      rewind.forget(partitions);
      gaps.forget(partitions);
      offsets.forget(partitions);
      lag.assigned(without(partitions));
    }

    private Set<TopicPartition> without(Collection<TopicPartition> partitions) {
      Set<TopicPartition> rest = new HashSet<>(consumer.assignment());
      rest.removeAll(Set.copyOf(partitions));
      return rest;
    }
  }
}
