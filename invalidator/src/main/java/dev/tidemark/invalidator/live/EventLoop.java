package dev.tidemark.invalidator.live;

import dev.tidemark.invalidation.EventReading;
import dev.tidemark.invalidation.VersionGaps;
import dev.tidemark.invalidator.events.KafkaGroupConsumers;
import dev.tidemark.invalidator.offsets.Offsets;
import dev.tidemark.invalidator.offsets.RedisWatch;
import dev.tidemark.invalidator.offsets.Rewind;
import dev.tidemark.invalidator.settings.Configuration;
import dev.tidemark.invalidator.settings.ReadinessReason;
import dev.tidemark.invalidator.status.CommitToEvict;
import dev.tidemark.invalidator.status.InvalidatorMetrics;
import dev.tidemark.invalidator.status.KafkaLag;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The live path, on the one thread that owns the consumer: poll, evict the newest version of each
/// key, and commit only when every answer was good.
///
/// With a backlog the next records are read while those before are applied.
///
/// What cannot be applied now (Redis away, dead letters not sent) stays pending: the partitions are
/// paused, the loop goes on polling so as to stay in the group, and tries again with a growing
/// pause. Nothing more is read, nothing is skipped.
public final class EventLoop {

  private static final Logger log = LoggerFactory.getLogger(EventLoop.class);

  /// Longest wait of a poll for records, and so for noticing a request to stop.
  private static final Duration POLL = Duration.ofMillis(200);

  private static final Duration FIRST_RETRY = Duration.ofMillis(50);
  private static final Duration LONGEST_RETRY = Duration.ofSeconds(1);

  private static final int MAX_POLL_RECORDS = 4000;

  /// Receive buffer of the socket. Kafka's default of 64 KiB causes about a hundred wake-ups for
  /// each full fetch.
  private static final int RECEIVE_BUFFER_BYTES = 1 << 20;

  /// Number of records in a poll from which on a backlog is assumed.
  private static final int BACKLOG = 500;

  private final Configuration configuration;
  private final EvictorThread evictor;
  private final ReadinessReason obstacle;
  private final KafkaLag lag;
  private final RedisWatch redis;
  private final InvalidatorMetrics metrics;
  private final CommitToEvict commitToEvict;

  private final VersionGaps gaps;
  private final Rewind rewind;

  /// Evictions that are being applied, or are to be applied again.
  private PendingEvictions pending = new PendingEvictions();

  /// Evictions that come after the pending ones.
  private PendingEvictions next = new PendingEvictions();

  private Flow flow = new Following();
  private volatile boolean stopping;

  /// State of the loop.
  private sealed interface Flow {}

  /// Reads and applies.
  private record Following() implements Flow {}

  /// Reads nothing, and applies what is pending again after each pause.
  private record Held(Duration pause) implements Flow {

    Held longer() {
      Duration doubled = pause.multipliedBy(2);
      return new Held(doubled.compareTo(LONGEST_RETRY) < 0 ? doubled : LONGEST_RETRY);
    }
  }

  public EventLoop(
      Configuration configuration,
      Evictor evictor,
      ReadinessReason obstacle,
      KafkaLag lag,
      RedisWatch redis,
      Rewind rewind,
      InvalidatorMetrics metrics,
      CommitToEvict commitToEvict,
      Clock clock) {
    this.configuration = configuration;
    this.evictor = new EvictorThread(evictor);
    this.obstacle = obstacle;
    this.lag = lag;
    this.redis = redis;
    this.rewind = rewind;
    this.metrics = metrics;
    this.commitToEvict = commitToEvict;
    this.gaps = new VersionGaps(clock);
  }

  /// Runs on the calling thread until [#stop]. An exception from here ends the process.
  public void run() {
    // The location of the entries must be known before anything is applied to them.
    while (!redis.isKnownWithin(POLL)) {
      if (stopping) {
        return;
      }
    }
    KafkaGroupConsumers consumers = consumers();
    try (evictor) {
      while (!stopping) {
        try {
          follow(consumers);
        } catch (UnsupportedVersionException e) {
          consumers.fallBack(e);
          forgetAll();
        }
      }
    }
  }

  /// Forgets all state. The next consumer begins at the committed offsets.
  private void forgetAll() {
    if (evictor.isUnderWay()) {
      var _ = evictor.await();
    }
    pending.clear();
    next.clear();
  }

  private void follow(KafkaGroupConsumers consumers) {
    try (Consumer<byte[], byte[]> consumer = consumers.open()) {
      Offsets offsets = new Offsets(consumer, redis, configuration.rewind());
      consumer.subscribe(configuration.kafka().topics(), new Rebalance(consumer, offsets));
      flow = new Following();
      obstacle.clear();
      while (!stopping) {
        step(consumer, offsets);
      }
      settle(consumer, offsets);
      offsets.handOverAll();
    }
  }

  /// Asks the loop to end after its current step. May be called from any thread.
  public void stop() {
    stopping = true;
  }

  private void step(Consumer<byte[], byte[]> consumer, Offsets offsets) {
    redis
        .takeChange()
        .ifPresent(
            change -> {
              settle(consumer, offsets);
              // Pending records are read again as well. Otherwise their offsets would be committed
              // before those that now come earlier.
              pending.clear();
              next.clear();
              rewind(offsets.before(change), consumer, offsets);
              goOn(consumer);
            });
    boolean behind = read(poll(consumer)) >= BACKLOG;
    settle(consumer, offsets);
    if (pending.isEmpty()) {
      PendingEvictions done = pending;
      pending = next;
      next = done;
    }
    if (pending.isEmpty()) {
      offsets.passOver();
    } else {
      evictor.begin(pending);
      if (!behind) {
        settle(consumer, offsets);
      }
    }
    offsets.commit();
  }

  /// Polls. An expired certificate or a changed password, on either side, is repaired without a
  /// restart: readiness reports it, and the client keeps trying to connect.
  private ConsumerRecords<byte[], byte[]> poll(Consumer<byte[], byte[]> consumer) {
    try {
      return consumer.poll(patience());
    } catch (AuthenticationException e) {
      log.atDebug().setCause(e).log("Kafka authentication failed; retrying");
      // The client throws this at each poll, without a pause, until it is connected again.
      LockSupport.parkNanos(POLL.toNanos());
      return ConsumerRecords.empty();
    }
  }

  private Duration patience() {
    if (flow instanceof Held(var pause) && !evictor.isUnderWay()) {
      return pause;
    }
    return evictor.isUnderWay() || !next.isEmpty() ? Duration.ZERO : POLL;
  }

  private int read(ConsumerRecords<byte[], byte[]> records) {
    long oldest = Long.MAX_VALUE;
    for (TopicPartition partition : records.partitions()) {
      List<ConsumerRecord<byte[], byte[]>> some = records.records(partition);
      for (ConsumerRecord<byte[], byte[]> record : some) {
        oldest = Math.min(oldest, record.timestamp());
        EventReading reading = EventReading.of(record);
        gaps.before(record, reading).ifPresent(this::heal);
        next.add(record, rewind.repeats(record) ? reading.again() : reading);
      }
      next.read(partition, some.getLast().offset() + 1);
    }
    if (!records.isEmpty()) {
      lag.read(Instant.ofEpochMilli(oldest));
    }
    return records.count();
  }

  /// Waits for the batch in progress. Afterwards nothing of it is pending, or the partitions are
  /// paused.
  private void settle(Consumer<?, ?> consumer, Offsets offsets) {
    if (!evictor.isUnderWay()) {
      return;
    }
    Optional<String> reason = evictor.await();
    if (reason.isPresent()) {
      hold(consumer, reason.get());
      return;
    }
    PendingEvictions.Done done = pending.done();
    done.times().forEach(commitToEvict::took);
    offsets.applied(done.offsets());
    rewind.done(offsets.applied());
    goOn(consumer);
  }

  private void heal(VersionGaps.Gap gap) {
    metrics.gap();
    log.atWarn()
        .addKeyValue("key", gap.key())
        .addKeyValue("after", gap.after())
        .addKeyValue("before", gap.before())
        .log("version gap: entry evicted regardless of version");
    next.force(gap.key());
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
    if (flow instanceof Held) {
      flow = new Following();
      obstacle.clear();
      consumer.resume(consumer.paused());
    }
  }

  private void hold(Consumer<?, ?> consumer, String reason) {
    flow = flow instanceof Held held ? held.longer() : new Held(FIRST_RETRY);
    obstacle.block(reason);
    consumer.pause(consumer.assignment());
  }

  private KafkaGroupConsumers consumers() {
    Map<String, Object> settings = new HashMap<>();
    settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, MAX_POLL_RECORDS);
    settings.put(ConsumerConfig.RECEIVE_BUFFER_CONFIG, RECEIVE_BUFFER_BYTES);
    settings.putAll(configuration.kafka().client());
    settings.put(ConsumerConfig.GROUP_ID_CONFIG, configuration.group());
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    settings.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    return new KafkaGroupConsumers(settings);
  }

  /// Listener that the consumer calls while it polls, on the same thread.
  private final class Rebalance implements ConsumerRebalanceListener {

    private final Consumer<?, ?> consumer;
    private final Offsets offsets;

    Rebalance(Consumer<?, ?> consumer, Offsets offsets) {
      this.consumer = consumer;
      this.offsets = offsets;
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
      settle(consumer, offsets);
      if (flow instanceof Held) {
        consumer.pause(partitions);
      }
      rewind(offsets.begin(partitions), consumer, offsets);
      lag.assigned(consumer.assignment());
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
      forget(partitions);
      offsets.handOver(partitions);
      lag.assigned(without(partitions));
    }

    @Override
    public void onPartitionsLost(Collection<TopicPartition> partitions) {
      forget(partitions);
      offsets.forget(partitions);
      lag.assigned(without(partitions));
    }

    private void forget(Collection<TopicPartition> partitions) {
      settle(consumer, offsets);
      pending.forget(partitions);
      next.forget(partitions);
      rewind.forget(partitions);
      gaps.forget(partitions);
    }

    private Set<TopicPartition> without(Collection<TopicPartition> partitions) {
      Set<TopicPartition> rest = new HashSet<>(consumer.assignment());
      rest.removeAll(Set.copyOf(partitions));
      return rest;
    }
  }
}
