package dev.tidemark.invalidator;

import dev.tidemark.cache.redis.EvictionTrial;
import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.cache.store.EntryStoreException;
import dev.tidemark.event.Topics;
import dev.tidemark.invalidator.audit.AuditMetrics;
import dev.tidemark.invalidator.audit.KafkaAuditLoop;
import dev.tidemark.invalidator.events.DeadLetters;
import dev.tidemark.invalidator.live.EventLoop;
import dev.tidemark.invalidator.live.Evictor;
import dev.tidemark.invalidator.offsets.RedisWatch;
import dev.tidemark.invalidator.offsets.Rewind;
import dev.tidemark.invalidator.settings.Configuration;
import dev.tidemark.invalidator.settings.ReadinessReason;
import dev.tidemark.invalidator.status.CommitToEvict;
import dev.tidemark.invalidator.status.InvalidatorMetrics;
import dev.tidemark.invalidator.status.KafkaLag;
import dev.tidemark.invalidator.status.KafkaWatch;
import dev.tidemark.invalidator.status.StatusReport;
import dev.tidemark.service.http.AdminServer;
import dev.tidemark.service.program.RunningService;
import dev.tidemark.service.program.Telemetry;
import dev.tidemark.service.status.AuditReport;
import io.helidon.webserver.WebServer;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.exporter.prometheus.PrometheusMetricReader;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The running invalidator with all its parts. They start in the opposite direction of the flow of
/// events, and stop in the same direction. Thread-safe.
final class Service implements RunningService {

  private static final Logger log = LoggerFactory.getLogger(Service.class);

  private static final Duration LOOK_EVERY = Duration.ofSeconds(1);

  private final Configuration configuration;
  private final PrometheusMetricReader prometheus = PrometheusMetricReader.create();
  private final OpenTelemetrySdk telemetry;
  private final Optional<KafkaAuditLoop> audit;
  private final ReadinessReason redisObstacle = new ReadinessReason("redis");
  private final ReadinessReason kafkaObstacle = new ReadinessReason("kafka");
  private final ReadinessReason evictionObstacle = new ReadinessReason("evictions");
  private final Clock clock = Clock.systemUTC();
  private final KafkaLag lag = new KafkaLag(clock, System::nanoTime);
  private final RedisWatch redisWatch;
  private final Rewind rewind = new Rewind();
  private final InvalidatorMetrics metrics;
  private final CommitToEvict commitToEvict;
  private final WebServer admin;
  private final CountDownLatch stopping = new CountDownLatch(1);
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile @Nullable EventLoop loop;

  private Service(Configuration configuration) {
    this.configuration = configuration;
    this.redisWatch =
        new RedisWatch(
            redisObstacle, EvictionTrial.of(Topics.aggregateTypes(configuration.kafka().topics())));
    this.telemetry = Telemetry.create("tidemark-invalidator", prometheus);
    Meter meter = telemetry.getMeter("dev.tidemark.invalidator");
    this.metrics = new InvalidatorMetrics(meter, lag);
    this.commitToEvict = new CommitToEvict(meter, System::nanoTime);
    this.audit =
        configuration.audit().map(settings -> new KafkaAuditLoop(configuration, settings, clock));
    audit.ifPresent(running -> AuditMetrics.register(meter, running::report));
    StatusReport report =
        new StatusReport(
            configuration,
            List.of(redisObstacle, kafkaObstacle, evictionObstacle),
            lag,
            redisWatch,
            rewind,
            metrics,
            commitToEvict,
            this::auditReport);
    this.admin =
        AdminServer.create(
            configuration.adminHost(),
            configuration.adminPort(),
            report.obstacles(),
            prometheus,
            report::report);
  }

  /// Starts the admin server.
  ///
  /// @throws IllegalStateException when it cannot listen
  static Service start(Configuration configuration) {
    Service service = new Service(configuration);
    try {
      AdminServer.listen(
          service.admin,
          configuration.adminHost(),
          configuration.adminPort(),
          Configuration.ADMIN_PORT);
    } catch (RuntimeException e) {
      service.telemetry.close();
      throw e;
    }
    log.atInfo()
        .addKeyValue(
            "admin", "http://%s:%d".formatted(configuration.adminHost(), service.admin.port()))
        .addKeyValue("topics", configuration.kafka().topics())
        .addKeyValue("group", configuration.group())
        .log("invalidator starts");
    return service;
  }

  @Override
  public void run() {
    try {
      Optional<RedisConnection> redis = connect();
      if (redis.isPresent()) {
        try (RedisConnection connection = redis.get()) {
          runWith(connection);
        }
      }
    } finally {
      admin.stop();
      telemetry.close();
      ended.countDown();
    }
  }

  private void runWith(RedisConnection redis) {
    try (KafkaWatch watch = KafkaWatch.open(configuration, kafkaObstacle, lag);
        DeadLetters deadLetters = new DeadLetters(configuration.kafka().forClient());
        Looks looks = new Looks(LOOK_EVERY)) {
      Evictor evictor = new Evictor(redis.entries(), deadLetters, metrics, clock);
      EventLoop started =
          new EventLoop(
              configuration,
              evictor,
              evictionObstacle,
              lag,
              redisWatch,
              rewind,
              metrics,
              commitToEvict,
              clock);
      loop = started;
      looks.repeat("Kafka", watch::look);
      looks.repeat("Redis", () -> redisWatch.look(redis));
      looks.repeat("latency", commitToEvict::roll);
      audit.ifPresent(KafkaAuditLoop::start);
      if (stopping.getCount() > 0) {
        started.run();
      }
    } finally {
      audit.ifPresent(KafkaAuditLoop::close);
    }
  }

  /// Connects to Redis. A cluster, or sentinels, must be reached once to learn where the servers
  /// are.
  ///
  /// @return empty when the service is to stop
  private Optional<RedisConnection> connect() {
    while (true) {
      try {
        return Optional.of(configuration.redis().open());
      } catch (EntryStoreException e) {
        redisObstacle.block(String.valueOf(e.getMessage()));
      }
      try {
        if (stopping.await(LOOK_EVERY.toMillis(), TimeUnit.MILLISECONDS)) {
          return Optional.empty();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return Optional.empty();
      }
    }
  }

  /// Returns the report of the audit; empty when there is no audit.
  Optional<AuditReport> auditReport() {
    return audit.map(KafkaAuditLoop::report);
  }

  int adminPort() {
    return admin.port();
  }

  /// Stops after the current batch, commits what is applied, leaves the group, and then returns.
  @Override
  public void close() {
    stopping.countDown();
    EventLoop started = loop;
    if (started != null) {
      started.stop();
    }
    try {
      ended.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
