package dev.tidemark.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemark.cache.CacheSettings;
import dev.tidemark.cache.ReadOption;
import dev.tidemark.cache.Source;
import dev.tidemark.cache.VersionedCache;
import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.embedded.RedisServer;
import io.opentelemetry.exporter.prometheus.PrometheusMetricReader;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import redis.clients.jedis.UnifiedJedis;

/// Measures a cache hit through the library beside a bare `GET` of the same key on an equal
/// connection pool, and beside the store's `lookup`, which is the `GET` with the entry read.
@Command(
    name = "read",
    description = "A cache hit through the library beside a bare GET of the same key.")
final class ReadBenchmark extends Benchmark {

  private static final int KEYS = 1000;
  private static final Duration LONGER_THAN_A_RUN = Duration.ofHours(1);

  @Option(
      names = "--payload",
      split = ",",
      defaultValue = "400,4000",
      paramLabel = "BYTES",
      description = "Sizes of the values (${DEFAULT-VALUE}).")
  private List<Integer> payloads = List.of();

  @Option(
      names = "--threads",
      split = ",",
      defaultValue = "1,16",
      paramLabel = "N",
      description = "Numbers of readers at a time (${DEFAULT-VALUE}).")
  private List<Integer> threadCounts = List.of();

  @Option(
      names = "--rounds",
      defaultValue = "31",
      paramLabel = "N",
      description = "How often each side is measured (${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--round-millis",
      defaultValue = "250",
      paramLabel = "MS",
      description = "How long each time (${DEFAULT-VALUE}).")
  private int roundMillis;

  @Option(
      names = "--warm-up-rounds",
      defaultValue = "8",
      paramLabel = "N",
      description = "Rounds before those that count (${DEFAULT-VALUE}).")
  private int warmUpRounds;

  @Override
  Report run(Workbench bench) throws Exception {
    RedisServer redis = bench.redis();
    SdkMeterProvider meters =
        bench.closing(
            SdkMeterProvider.builder()
                .registerMetricReader(PrometheusMetricReader.create())
                .build());
    RedisConnection ours = bench.closing(Workbench.connect(redis.url()));
    UnifiedJedis bare = bench.closing(Workbench.connect(redis.url())).client();
    EntryStore store = ours.entries();
    VersionedCache cache =
        new VersionedCache(
            store, CacheSettings.defaults().withTtl(LONGER_THAN_A_RUN), meters.get("benchmark"));
    Source notAsked =
        () -> {
          throw new IllegalStateException("not a hit");
        };
    List<Row> rows = new ArrayList<>();
    for (int payload : payloads) {
      List<String> keys = fill(cache, payload);
      for (int threads : threadCounts) {
        try (Readers readers = new Readers(threads, keys, Duration.ofMillis(roundMillis))) {
          List<Side> sides =
              List.of(
                  new Side("bare", () -> readers.round(key -> bare.get(key.getBytes(UTF_8)))),
                  new Side("lookup", () -> readers.round(store::lookup)),
                  new Side(
                      "library",
                      () ->
                          readers.round(key -> cache.read(key, ReadOption.eventual(), notAsked))));
          String what = "%d B, threads: %d".formatted(payload, threads);
          Comparison.alternate(warmUpRounds, sides, "warm-up, " + what, bench::say);
          Comparison measured = Comparison.alternate(rounds, sides, what, bench::say);
          rows.add(row(payload, threads, measured));
        }
      }
    }
    return new Report(
        "read",
        new Row().with("rounds", rounds).with("round_ms", roundMillis).with("keys", KEYS),
        rows);
  }

  private static List<String> fill(VersionedCache cache, int payload) {
    CachedValue value = new CachedValue.Present(42, new byte[payload]);
    return Stream.generate(() -> "product:" + UUID.randomUUID())
        .limit(KEYS)
        .peek(key -> cache.read(key, ReadOption.eventual(), () -> value))
        .toList();
  }

  private static Row row(int payload, int threads, Comparison measured) {
    return new Row()
        .with("payload_bytes", payload)
        .with("threads", threads)
        .with("bare_us", measured.median("bare", "us"))
        .with("lookup_us", measured.median("lookup", "us"))
        .with("library_us", measured.median("library", "us"))
        .with("ratio", measured.ratio("library", "bare", "us"))
        .with("p50_ratio", measured.ratio("library", "bare", "p50_us").median())
        .with("p99_ratio", measured.ratio("library", "bare", "p99_us").median())
        .with("cpu_ratio", measured.ratio("library", "bare", "cpu_us").median())
        .with("lookup_ratio", measured.ratio("lookup", "bare", "us").median())
        .with("bare_alloc_bytes", measured.median("bare", "bytes"))
        .with("lookup_alloc_bytes", measured.median("lookup", "bytes"))
        .with("library_alloc_bytes", measured.median("library", "bytes"));
  }
}
