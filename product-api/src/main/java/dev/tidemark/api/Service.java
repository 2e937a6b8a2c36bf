package dev.tidemark.api;

import com.zaxxer.hikari.HikariDataSource;
import dev.tidemark.api.feed.KafkaInvalidationFeed;
import dev.tidemark.api.http.Admission;
import dev.tidemark.api.http.BytesUnderWay;
import dev.tidemark.api.http.ClientConnections;
import dev.tidemark.api.http.Limits;
import dev.tidemark.api.product.CachedProduct;
import dev.tidemark.api.store.ConnectionPool;
import dev.tidemark.api.store.KeyedAnswerSweep;
import dev.tidemark.api.store.ProductStore;
import dev.tidemark.cache.CacheSettings;
import dev.tidemark.cache.NearCacheSettings;
import dev.tidemark.cache.VersionedCache;
import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.cache.redis.RedisSettings;
import dev.tidemark.cache.store.EntryStoreException;
import dev.tidemark.service.http.AdminServer;
import dev.tidemark.service.program.RunningService;
import dev.tidemark.service.program.Telemetry;
import io.helidon.webserver.WebServer;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.exporter.prometheus.PrometheusMetricReader;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The running service with its parts. They start in the opposite direction of the flow of
/// requests, and stop in the same direction.
public final class Service implements RunningService {

  private static final Logger log = LoggerFactory.getLogger(Service.class);

  private final OpenTelemetrySdk telemetry;
  private final HikariDataSource database;
  private final RedisConnection redis;
  private final Optional<KafkaInvalidationFeed> nearCacheFeed;
  private final KeyedAnswerSweep sweep;
  private final ClientConnections clients;
  private final Admission admission;
  private final WebServer api;
  private final WebServer admin;
  private final Duration drain;
  private final AtomicBoolean draining = new AtomicBoolean();
  private final CountDownLatch closed = new CountDownLatch(1);

  private Service(Configuration configuration) {
    PrometheusMetricReader prometheus = PrometheusMetricReader.create();
    telemetry = Telemetry.create("tidemark-product-api", prometheus);
    Meter meter = telemetry.getMeter("dev.tidemark.api");
    database = ConnectionPool.create(configuration.database(), configuration.databaseConnections());
    ConnectionPool.measure(database, meter);
    redis =
        RedisConnection.open(
            configuration.redisUrl(),
            RedisSettings.defaults().withTimeout(configuration.redisTimeout()));
    VersionedCache cache =
        new VersionedCache(
            redis.entries(CachedProduct::isAllowed),
            cacheSettings(configuration),
            telemetry.getMeter("dev.tidemark.cache"));
    nearCacheFeed =
        configuration
            .nearCache()
            .map(
                near ->
                    new KafkaInvalidationFeed(
                        near.kafkaClient(), near.topic(), cache.invalidations()));
    ProductStore store = new ProductStore(Jdbi.create(database));
    sweep = new KeyedAnswerSweep(store, KeyedAnswerSweep.PAUSE);
    drain = configuration.limits().drain();
    Limits limits = configuration.limits();
    clients = new ClientConnections(limits.readTimeout(), limits.writeTimeout());
    admission =
        new Admission(
            limits.requests(), new BytesUnderWay(limits.bytes()), draining::get, System::nanoTime);
    api = ApiServer.create(configuration, store, cache, meter, admission, clients);
    List<Readiness> readiness = readiness();
    admin =
        AdminServer.create(
            configuration.adminHost(),
            configuration.adminPort(),
            readiness,
            prometheus,
            new StatusReport(readiness, prometheus)::report);
  }

  /// Starts the service, and returns when it answers. The database, Redis and Kafka may still be
  /// away.
  ///
  /// @throws IllegalStateException when it cannot listen where it should, or the database is a
  ///   standby
  static Service start(Configuration configuration) {
    Service service = new Service(configuration);
    service.nearCacheFeed.ifPresent(KafkaInvalidationFeed::start);
    try {
      ConnectionPool.refuseStandby(service.database);
      AdminServer.listen(
          service.admin,
          configuration.adminHost(),
          configuration.adminPort(),
          Configuration.ADMIN_PORT);
      AdminServer.listen(
          service.api, configuration.host(), configuration.port(), Configuration.PORT);
      service.clients.start();
      service.sweep.start();
    } catch (RuntimeException e) {
      service.close();
      throw e;
    }
    log.atInfo()
        .addKeyValue(
            "api",
            "%s://%s:%d"
                .formatted(
                    configuration.tls().isPresent() ? "https" : "http",
                    configuration.host(),
                    service.port()))
        .addKeyValue(
            "admin", "http://%s:%d".formatted(configuration.adminHost(), service.adminPort()))
        .addKeyValue("database", configuration.database())
        .addKeyValue("redis", service.redis)
        .log("product-api serves");
    service.lookAtRedis();
    return service;
  }

  /// Checks Redis. It may be away for now, but a refusal must be reported, since somebody has to
  /// repair it.
  private void lookAtRedis() {
    try {
      redis.tryEviction(CachedProduct.NO_PRODUCT);
    } catch (EntryStoreException e) {
      log.atWarn()
          .addKeyValue("reason", e.getMessage())
          .log("Redis is not used as a cache; all reads go to the database");
    }
  }

  private List<Readiness> readiness() {
    List<Readiness> reasons =
        new ArrayList<>(
            List.of(
                Readiness.serving(draining::get),
                Readiness.admission(admission),
                Readiness.database(database),
                Readiness.redis(redis)));
    nearCacheFeed.ifPresent(feed -> reasons.add(Readiness.nearCache(feed::state)));
    return reasons;
  }

  public int port() {
    return api.port();
  }

  public int adminPort() {
    return admin.port();
  }

  /// Tells clients that reuse connections to close them, each by its next answer: a connection that
  /// is cut between two requests may lose one that is on its way. Load balancers see meanwhile that
  /// no more requests are wanted.
  private void letClientsGo() {
    try {
      Thread.sleep(drain);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Waits. Requests have threads of their own.
  @Override
  public void run() {
    try {
      closed.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Reports that it is no longer ready, lets current requests finish, and then drops the others.
  @Override
  public void close() {
    if (draining.compareAndSet(false, true)) {
      letClientsGo();
      api.stop();
      clients.close();
      admin.stop();
      nearCacheFeed.ifPresent(KafkaInvalidationFeed::close);
      sweep.close();
      database.close();
      redis.close();
      telemetry.close();
      closed.countDown();
    }
  }

  /// Returns the settings of the cache. Reads that miss leave a part of the connections to the
  /// writes.
  private static CacheSettings cacheSettings(Configuration configuration) {
    CacheSettings defaults = CacheSettings.defaults();
    int reads = Math.max(1, configuration.databaseConnections() * 3 / 4);
    return defaults
        .withTtl(configuration.cacheTtl())
        .withDatabaseReads(reads, defaults.databaseWait())
        .withNearCache(
            configuration
                .nearCache()
                .map(near -> NearCacheSettings.of(near.entries()))
                .orElseGet(NearCacheSettings::off));
  }
}
