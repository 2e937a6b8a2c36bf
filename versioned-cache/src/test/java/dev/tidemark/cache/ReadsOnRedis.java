package dev.tidemark.cache;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.cache.store.CachedValue.Present;
import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.cache.store.EntryStoreContract;
import dev.tidemark.embedded.RedisServer;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.data.LongPointData;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.testing.exporter.InMemoryMetricReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/// Base of tests of the reader: a real Redis, and a source in memory that counts its reads.
abstract class ReadsOnRedis {

  private static final AttributeKey<String> RESULT = AttributeKey.stringKey("result");

  /// Time that is long beside a round trip to Redis, and short beside the lease.
  static final Duration SLOW = Duration.ofMillis(150);

  static final CacheSettings SETTINGS =
      CacheSettings.defaults()
          .withLease(Duration.ofSeconds(2), Duration.ofSeconds(1))
          .withEarlyRefresh(0);

  @TempDir static Path dir;
  static RedisServer server;
  static RedisConnection connection;
  static RedisConnection otherConnection;

  final String key = "product:" + UUID.randomUUID();
  final EntryStore store = connection.entries();
  private final InMemoryMetricReader metrics = InMemoryMetricReader.create();
  final SdkMeterProvider meters = SdkMeterProvider.builder().registerMetricReader(metrics).build();
  final VersionedCache cache = cache(SETTINGS);
  final ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor();

  final AtomicLong committed = new AtomicLong(1);
  final AtomicInteger sourceReads = new AtomicInteger();
  final Source source =
      () -> {
        sourceReads.incrementAndGet();
        return value(committed.get());
      };

  @BeforeAll
  static void start() {
    server = RedisServer.start(dir, 0);
    connection = RedisConnection.open(server.url(), EntryStoreContract.PATIENT);
    otherConnection = RedisConnection.open(server.url(), EntryStoreContract.PATIENT);
  }

  @AfterAll
  static void stop() {
    otherConnection.close();
    connection.close();
    server.close();
  }

  @AfterEach
  void end() {
    readers.close();
    meters.close();
  }

  VersionedCache cache(CacheSettings settings) {
    return new VersionedCache(store, settings, meters.get("test"));
  }

  Read read() {
    return cache.read(key, ReadOption.eventual(), source);
  }

  /// Reads the key from many virtual threads that start together, in turn through the caches.
  List<Read> readTogether(int count, List<VersionedCache> caches, Source from) throws Exception {
    CountDownLatch start = new CountDownLatch(1);
    List<Future<Read>> futures = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      VersionedCache through = caches.get(i % caches.size());
      futures.add(
          readers.submit(
              () -> {
                start.await();
                return through.read(key, ReadOption.eventual(), from);
              }));
    }
    start.countDown();
    List<Read> reads = new ArrayList<>();
    for (Future<Read> future : futures) {
      reads.add(future.get());
    }
    return reads;
  }

  /// Returns a source that takes the time of a database.
  static Source slow(Source source) {
    return () -> {
      new CountDownLatch(1).await(SLOW.toMillis(), TimeUnit.MILLISECONDS);
      return source.read();
    };
  }

  static Present value(long version) {
    return new Present(version, ("{\"version\":" + version + "}").getBytes(UTF_8));
  }

  Collection<MetricData> collectedMetrics() {
    return metrics.collectAllMetrics();
  }

  long count(String instrument) {
    return count(instrument, point -> true);
  }

  long count(String instrument, String result) {
    return count(instrument, point -> result.equals(point.getAttributes().get(RESULT)));
  }

  private long count(String instrument, Predicate<LongPointData> which) {
    return collectedMetrics().stream()
        .filter(metric -> metric.getName().equals(instrument))
        .flatMap(metric -> metric.getLongSumData().getPoints().stream())
        .filter(which)
        .mapToLong(LongPointData::getValue)
        .sum();
  }
}
