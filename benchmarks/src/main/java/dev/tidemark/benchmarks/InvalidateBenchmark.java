package dev.tidemark.benchmarks;

import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.embedded.RedisServer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// Measures the invalidator beside a plain Jedis pipeline that runs the same script on the same
/// keys, which it need not read from Kafka: the rate at which each evicts, from an empty cache and
/// from a full one.
@Command(
    name = "invalidate",
    description = "Evictions from a topic, beside a plain pipeline of the same scripts.")
final class InvalidateBenchmark extends Benchmark {

  private static final String INVALIDATOR = "invalidator";
  private static final String PIPELINE = "pipeline";
  private static final Duration PATIENCE = Duration.ofMinutes(5);
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  @Option(
      names = "--events",
      defaultValue = "500000",
      paramLabel = "N",
      description = "Evictions of each side, measured (${DEFAULT-VALUE}).")
  private int events;

  @Option(
      names = "--warm-up-events",
      defaultValue = "250000",
      paramLabel = "N",
      description = "Evictions before those, just started (${DEFAULT-VALUE}).")
  private int warmUpEvents;

  @Option(
      names = "--payload",
      defaultValue = "400",
      paramLabel = "BYTES",
      description = "Size of an event's value, and of an entry (${DEFAULT-VALUE}).")
  private int payload;

  @Option(
      names = "--batch",
      defaultValue = "1000",
      paramLabel = "N",
      description = "Evictions in one round trip of the plain pipeline (${DEFAULT-VALUE}).")
  private int batch;

  @Option(
      names = "--rounds",
      defaultValue = "5",
      paramLabel = "N",
      description = "Rounds (${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--caches",
      split = ",",
      defaultValue = "cold,warm",
      paramLabel = "NAME",
      description = "Whether the evictions find entries (${DEFAULT-VALUE}).")
  private List<String> caches = List.of();

  @Option(
      names = "--invalidator-jvm",
      defaultValue = InvalidatorProgram.JVM,
      paramLabel = "OPTIONS",
      description = "Options of the invalidator's JVM (${DEFAULT-VALUE}).")
  private String jvm = "";

  @Option(
      names = "--invalidator-setting",
      paramLabel = "NAME=VALUE",
      description = "A variable for the invalidator's environment; may be repeated.")
  private Map<String, String> settings = Map.of();

  private int runs;

  @Override
  Report run(Workbench bench) throws Exception {
    RedisServer server = bench.redis();
    String servers = bench.kafka().bootstrapServers();
    RedisConnection connection = bench.closing(Workbench.connect(server.url()));
    EvictionRedis redis = bench.closing(EvictionRedis.open(connection.client(), server.port()));
    bench.say("writing the topic");
    EvictionTopic topic = EvictionTopic.write(servers, warmUpEvents + events, payload);
    List<Row> rows =
        caches.stream()
            .map(
                cache -> {
                  try {
                    return measure(cache, bench, server.url(), redis, topic);
                  } catch (Exception e) {
                    throw new IllegalStateException("the cache that is " + cache + " failed", e);
                  }
                })
            .toList();
    return new Report(
        "invalidate",
        new Row()
            .with("rounds", rounds)
            .with("events", events)
            .with("warm_up_events", warmUpEvents)
            .with("payload_bytes", payload)
            .with("batch", batch)
            .with("invalidator_jvm", jvm),
        rows);
  }

  private Row measure(
      String cache, Workbench bench, String redisUrl, EvictionRedis redis, EvictionTopic topic)
      throws Exception {
    int entries =
        switch (cache) {
          case "cold" -> 0;
          case "warm" -> topic.events();
          default -> throw new IllegalArgumentException("no cache is " + cache);
        };
    Comparison measured =
        Comparison.alternate(
            rounds,
            List.of(
                new Side(
                    INVALIDATOR,
                    () -> {
                      redis.reset(entries, payload, batch);
                      return invalidate(bench, redisUrl, redis, topic);
                    }),
                new Side(
                    PIPELINE,
                    () -> {
                      redis.reset(entries, payload, batch);
                      return evict(redis, topic);
                    })),
            cache,
            bench::say);
    return new Row()
        .with("cache", cache)
        .with("invalidator_evictions_per_s", 1e6 / measured.median(INVALIDATOR, "us"))
        .with("invalidator_cpu_us", measured.median(INVALIDATOR, "cpu_us"))
        .with("pipeline_evictions_per_s", 1e6 / measured.median(PIPELINE, "us"))
        .with("ratio", measured.ratio(PIPELINE, INVALIDATOR, "us"));
  }

  private Map<String, Double> evict(EvictionRedis redis, EvictionTopic topic) {
    redis.evictInPipelines(0, warmUpEvents, batch);
    long begin = System.nanoTime();
    redis.evictInPipelines(warmUpEvents, topic.events(), batch);
    long end = System.nanoTime();
    checkEmpty(redis);
    return Map.of("us", (end - begin) / 1e3 / events);
  }

  private Map<String, Double> invalidate(
      Workbench bench, String redisUrl, EvictionRedis redis, EvictionTopic topic) {
    String group = "benchmark-" + runs++;
    try (InvalidatorProgram invalidator =
        InvalidatorProgram.start(
            List.of(jvm.split(" ")),
            settings,
            topic,
            group,
            redisUrl,
            bench.folder(group + ".log"))) {
      await(invalidator, warmUpEvents);
      long warm = invalidator.evictions();
      long cpu = invalidator.cpu().toNanos();
      long begin = System.nanoTime();
      await(invalidator, topic.events());
      long end = System.nanoTime();
      cpu = invalidator.cpu().toNanos() - cpu;
      checkEmpty(redis);
      long measured = Math.max(1, topic.events() - warm);
      return Map.of("us", (end - begin) / 1e3 / measured, "cpu_us", cpu / 1e3 / measured);
    }
  }

  private static void await(InvalidatorProgram invalidator, long evictions) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (invalidator.evictions() < evictions) {
      if (!invalidator.isAlive() || System.nanoTime() - deadline > 0) {
        throw new IllegalStateException(
            "the invalidator did not come to %d evictions: %s"
                .formatted(evictions, invalidator.lastWords()));
      }
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }

  private static void checkEmpty(EvictionRedis redis) {
    if (redis.entries() > 0) {
      throw new IllegalStateException(redis.entries() + " entries were not evicted");
    }
  }
}
