package dev.tidemark.invalidator.audit;

import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.invalidation.EventReading;
import dev.tidemark.invalidation.PostgresProducts;
import dev.tidemark.invalidator.audit.AuditTally.Result;
import dev.tidemark.invalidator.audit.CheckQueue.Admission;
import dev.tidemark.invalidator.events.KafkaGroupConsumers;
import dev.tidemark.invalidator.settings.AuditSettings;
import dev.tidemark.invalidator.settings.Configuration;
import dev.tidemark.invalidator.settings.ReadinessReason;
import dev.tidemark.service.status.AuditReport;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The running audit. It follows the topics from their end on, beside the live path, and checks the
/// cache at set times after each event.
///
/// It has its own thread, consumer and connections, so that it cannot delay the live path or fail
/// with it. Its consumer group is `<group>-audit`: several invalidators share the events among
/// them. It commits nothing. Events that come while no invalidator has their partition are not
/// audited.
///
/// The thread that [#start] starts owns everything except the tally. It retries after any fault.
public final class KafkaAuditLoop implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(KafkaAuditLoop.class);

  /// Longest wait of a poll for records, and so the largest delay of a check.
  private static final Duration POLL = Duration.ofMillis(100);

  private static final Duration PAUSE = Duration.ofSeconds(1);
  private static final Duration STOP_GRACE = Duration.ofSeconds(5);
  private static final int MAX_POLL_RECORDS = 2000;

  private final Configuration configuration;
  private final AuditSettings settings;
  private final AuditTally tally;
  private final Clock clock;
  private final CheckQueue pending;
  private final ReadinessReason obstacle = new ReadinessReason("audit");
  private final Thread thread = Thread.ofPlatform().daemon().name("audit").unstarted(this::run);
  private final CountDownLatch stopping = new CountDownLatch(1);
  private boolean toldOfLeftOut;

  public KafkaAuditLoop(Configuration configuration, AuditSettings settings, Clock clock) {
    this.configuration = configuration;
    this.settings = settings;
    this.tally = new AuditTally(settings, clock);
    this.clock = clock;
    this.pending = new CheckQueue(settings, System.nanoTime());
  }

  /// Starts the audit and returns at once, even when no server answers.
  public void start() {
    log.atInfo()
        .addKeyValue("share", settings.share())
        .addKeyValue("within", settings.within())
        .addKeyValue(
            "suspects",
            configuration.database().isPresent()
                ? "are asked for in PostgreSQL"
                : "are judged by the event alone: DATABASE_URL is not set")
        .log("audit starts");
    thread.start();
  }

  /// Returns the findings so far. May be called from any thread.
  public AuditReport report() {
    return tally.report();
  }

  @Override
  public void close() {
    stopping.countDown();
    try {
      thread.join(STOP_GRACE.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    KafkaGroupConsumers consumers = consumers();
    try {
      do {
        try {
          follow(consumers);
        } catch (UnsupportedVersionException e) {
          goOver(consumers, e);
        } catch (RuntimeException e) {
          // Any kind of failure: the live path must go on, whatever is wrong here.
          obstacle.block(e.toString());
          log.atDebug().setCause(e).log("restarting the audit");
        }
      } while (!stopping.await(PAUSE.toMillis(), TimeUnit.MILLISECONDS));
    } catch (InterruptedException closed) {
      Thread.currentThread().interrupt();
    }
  }

  private void goOver(KafkaGroupConsumers consumers, UnsupportedVersionException cause) {
    try {
      consumers.fallBack(cause);
    } catch (UnsupportedVersionException e) {
      obstacle.block(e.toString());
    }
  }

  private void follow(KafkaGroupConsumers consumers) {
    Optional<PostgresProducts> products = configuration.database().map(PostgresProducts::new);
    Consumer<byte[], byte[]> consumer = consumers.open();
    try (RedisConnection redis = configuration.redis().open()) {
      Auditor auditor = new Auditor(redis.entries(), products, settings, pending, tally, obstacle);
      consumer.subscribe(configuration.kafka().topics());
      while (stopping.getCount() > 0) {
        consumer.poll(POLL).forEach(this::take);
        auditor.check();
      }
    } finally {
      consumer.close(CloseOptions.timeout(PAUSE));
      products.ifPresent(PostgresProducts::close);
    }
  }

  /// Takes a record. One that breaks the contract does not prove what was committed.
  private void take(ConsumerRecord<byte[], byte[]> record) {
    EventReading reading = EventReading.of(record);
    if (reading.fault().isPresent()) {
      return;
    }
    long now = System.nanoTime();
    Admission admission =
        pending.add(
            reading.keys().getFirst(),
            reading.version().orElseThrow(),
            now - reading.committed().map(this::nanosSince).orElse(0L),
            now);
    if (admission == Admission.LEFT_OUT) {
      tally.event(Result.LEFT_OUT);
      if (!toldOfLeftOut) {
        toldOfLeftOut = true;
        log.atWarn()
            .addKeyValue("pending", pending.size())
            .log("event rate exceeds the audit's capacity; auditing a smaller share");
      }
    }
  }

  /// Returns the time since the commit, and not less than 0, although clocks may differ.
  private long nanosSince(Instant committed) {
    return Math.max(0, Duration.between(committed, clock.instant()).toNanos());
  }

  private KafkaGroupConsumers consumers() {
    Map<String, Object> kafka = new HashMap<>();
    kafka.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, MAX_POLL_RECORDS);
    kafka.putAll(configuration.kafka().forClient());
    kafka.compute(ConsumerConfig.CLIENT_ID_CONFIG, (name, id) -> id + "-audit");
    kafka.put(ConsumerConfig.GROUP_ID_CONFIG, configuration.group() + "-audit");
    kafka.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "latest");
    kafka.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    kafka.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    return new KafkaGroupConsumers(kafka);
  }
}
