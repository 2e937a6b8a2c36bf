package dev.tidemark.benchmarks;

import static dev.tidemark.benchmarks.StampedeReaders.PLAIN;
import static dev.tidemark.benchmarks.StampedeReaders.TIDEMARK;

import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.cache.store.CacheKey;
import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.embedded.PostgresServer;
import dev.tidemark.embedded.RedisServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// Measures a stampede: readers in several processes ask for one key at the moment at which it was
/// evicted. It counts the readers that reach the database, and measures their wait, beside a usual
/// cache-aside.
@Command(
    name = "stampede",
    description = "Many readers in several processes ask for one evicted key at once.")
final class StampedeBenchmark extends Benchmark {

  private static final String ID = "1";

  @Option(
      names = "--readers",
      defaultValue = "1000",
      paramLabel = "N",
      description = "Readers in all (${DEFAULT-VALUE}).")
  private int readers;

  @Option(
      names = "--processes",
      defaultValue = "4",
      paramLabel = "N",
      description = "Processes that they are spread over (${DEFAULT-VALUE}).")
  private int processes;

  @Option(
      names = "--query-millis",
      split = ",",
      defaultValue = "0,20",
      paramLabel = "MS",
      description = "What the query takes on top of finding one row by its key (${DEFAULT-VALUE}).")
  private List<Long> queryMillis = List.of();

  @Option(
      names = "--payload",
      defaultValue = "1000",
      paramLabel = "BYTES",
      description = "Size of the value (${DEFAULT-VALUE}).")
  private int payload;

  @Option(
      names = "--rounds",
      defaultValue = "15",
      paramLabel = "N",
      description = "Stampedes that count, on each side (${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--warm-up-rounds",
      defaultValue = "5",
      paramLabel = "N",
      description = "Stampedes before those (${DEFAULT-VALUE}).")
  private int warmUpRounds;

  @Override
  Report run(Workbench bench) throws Exception {
    RedisServer redis = bench.redis();
    PostgresServer postgres = bench.postgres();
    StampedeDatabase.create(postgres.jdbcUrl(), payload);
    StampedeDatabase database =
        bench.closing(StampedeDatabase.open(postgres.jdbcUrl(), Duration.ZERO));
    RedisConnection connection = bench.closing(Workbench.connect(redis.url()));
    EntryStore store = connection.entries();
    Runnable evict = () -> store.evictByForce(CacheKey.of(StampedeReaders.TYPE, ID));
    Runnable evictPlain = () -> PlainCache.evict(connection.client(), ID);
    List<Row> rows = new ArrayList<>();
    for (long millis : queryMillis) {
      List<String> arguments =
          List.of(
              "--redis",
              redis.url(),
              "--database",
              postgres.jdbcUrl(),
              "--query-millis",
              Long.toString(millis));
      try (Crowd crowd = Crowd.gather(processes, readers, arguments)) {
        List<Side> sides =
            List.of(
                new Side(TIDEMARK, () -> stampede(crowd, TIDEMARK, evict, database)),
                new Side(PLAIN, () -> stampede(crowd, PLAIN, evictPlain, database)));
        String what = "query of %d ms".formatted(millis);
        Comparison.alternate(warmUpRounds, sides, "warm-up, " + what, bench::say);
        rows.add(row(millis, Comparison.alternate(rounds, sides, what, bench::say)));
      }
    }
    Row settings =
        new Row()
            .with("rounds", rounds)
            .with("readers", readers)
            .with("processes", processes)
            .with("payload_bytes", payload);
    return new Report("stampede", settings, rows);
  }

  private static Map<String, Double> stampede(
      Crowd crowd, String side, Runnable evict, StampedeDatabase database) throws Exception {
    long before = database.draw();
    Crowd.Outcome outcome = crowd.stampede(side, ID, evict);
    long reads = database.draw() - before - 1;
    return Map.of(
        "database_reads",
        (double) reads,
        "failures",
        (double) outcome.failures(),
        "p50_ms",
        outcome.micros().getValueAtPercentile(50) / 1e3,
        "p99_ms",
        outcome.micros().getValueAtPercentile(99) / 1e3);
  }

  private static Row row(long millis, Comparison measured) {
    Row row = new Row().with("query_ms", millis);
    for (String side : List.of(TIDEMARK, PLAIN)) {
      row.with(side + "_database_reads", measured.median(side, "database_reads"))
          .with(side + "_database_reads_max", measured.max(side, "database_reads"))
          .with(side + "_p50_ms", measured.median(side, "p50_ms"))
          .with(side + "_p99_ms", measured.median(side, "p99_ms"))
          .with(side + "_failures_max", measured.max(side, "failures"));
    }
    return row.with(
            "database_reads_ratio", measured.ratio(TIDEMARK, PLAIN, "database_reads").median())
        .with("p50_ratio", measured.ratio(TIDEMARK, PLAIN, "p50_ms"))
        .with("p99_ratio", measured.ratio(TIDEMARK, PLAIN, "p99_ms"));
  }
}
