package dev.tidemark.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.management.OperatingSystemMXBean;
import dev.tidemark.operator.Main;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import redis.clients.jedis.AbstractPipeline;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.params.SetParams;

/// Measures the command `rebuild`, into an empty Redis, beside a plain pipelined `SET` of as many
/// entries: once with the entries ready in memory, once with each read from the topic.
@Command(
    name = "rebuild",
    description =
        "A cache filled from the topic, beside a plain pipelined SET of the same entries.")
final class RebuildBenchmark extends Benchmark {

  static final String REBUILD = "rebuild";
  static final String PLAIN = "plain-set";
  static final String PLAIN_FROM_TOPIC = "topic-and-plain-set";

  private static final int PIPELINED = 1000;
  private static final OperatingSystemMXBean OWN =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

  /// Limits that no run comes near.
  private static final long LIFE_MILLIS = Duration.ofHours(1).toMillis();

  @Option(
      names = "--entries",
      defaultValue = "1000000",
      paramLabel = "N",
      description = "How many entries (${DEFAULT-VALUE}).")
  private int entries;

  @Option(
      names = "--payload",
      defaultValue = "400",
      paramLabel = "BYTES",
      description = "Size of each (${DEFAULT-VALUE}).")
  private int payload;

  @Option(
      names = "--rounds",
      defaultValue = "5",
      paramLabel = "N",
      description = "How often each side is measured (${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--warm-up-rounds",
      defaultValue = "2",
      paramLabel = "N",
      description = "Rounds before those that count (${DEFAULT-VALUE}).")
  private int warmUpRounds;

  @Override
  Report run(Workbench bench) throws Exception {
    String redisUrl = bench.redis().url();
    String bootstrapServers = bench.kafka().bootstrapServers();
    StateTopic topic = new StateTopic(bootstrapServers, "rebuild.events", entries, payload);
    bench.say("writing %,d states to the topic".formatted(entries));
    topic.write();
    UnifiedJedis redis = bench.closing(Workbench.connect(redisUrl)).client();
    Map<String, String> environment =
        Map.of(
            "KAFKA_BOOTSTRAP_SERVERS",
            bootstrapServers,
            "KAFKA_PRODUCT_TOPIC",
            topic.name(),
            "REDIS_URL",
            redisUrl,
            "TIDEMARK_INVALIDATOR_REDIS_TIMEOUT_MS",
            "10000",
            "CACHE_TTL_SECONDS",
            Long.toString(Duration.ofMillis(LIFE_MILLIS).toSeconds()));
    List<Side> sides =
        List.of(
            side(PLAIN, redis, () -> plain(redis, topic)),
            side(PLAIN_FROM_TOPIC, redis, () -> fromTopic(redis, topic)),
            side(REBUILD, redis, () -> rebuild(environment)));
    Comparison.alternate(warmUpRounds, sides, "warm-up", bench::say);
    Comparison measured = Comparison.alternate(rounds, sides, "%,d".formatted(entries), bench::say);
    List<Row> rows = new ArrayList<>();
    for (Side side : sides) {
      rows.add(row(side.name(), measured));
    }
    return new Report(
        "rebuild",
        new Row().with("entries", entries).with("payload_bytes", payload).with("rounds", rounds),
        rows);
  }

  private Side side(String name, UnifiedJedis redis, Runnable work) {
    return new Side(
        name,
        () -> {
          redis.flushAll();
          double redisBefore = RedisCpu.seconds(redis);
          long cpu = OWN.getProcessCpuTime();
          long begin = System.nanoTime();
          work.run();
          double micros = (System.nanoTime() - begin) / 1e3;
          double redisMicros = (RedisCpu.seconds(redis) - redisBefore) * 1e6;
          if (redis.dbSize() != entries) {
            throw new IllegalStateException(
                "%s left %,d entries, not %,d".formatted(name, redis.dbSize(), entries));
          }
          return Map.of(
              "us",
              micros / entries,
              "cpu_us",
              (OWN.getProcessCpuTime() - cpu) / 1e3 / entries,
              "redis_us",
              redisMicros / entries);
        });
  }

  /// Sends the entries plainly. They are the same except for the key, and ready.
  private void plain(UnifiedJedis redis, StateTopic topic) {
    byte[] value = topic.value(0);
    SetParams life = SetParams.setParams().px(LIFE_MILLIS);
    try (AbstractPipeline pipeline = redis.pipelined()) {
      for (int i = 0; i < entries; i++) {
        pipeline.set(topic.key(i), value, life);
        if (i % PIPELINED == PIPELINED - 1) {
          pipeline.sync();
        }
      }
      pipeline.sync();
    }
  }

  private void fromTopic(UnifiedJedis redis, StateTopic topic) {
    SetParams life = SetParams.setParams().px(LIFE_MILLIS);
    try (AbstractPipeline pipeline = redis.pipelined()) {
      topic.read(
          PIPELINED,
          (id, value) -> pipeline.set(("product:" + id).getBytes(UTF_8), value, life),
          pipeline::sync);
    }
  }

  /// Runs the command as an operator does, in this JVM: the cost of starting it is not measured.
  private static void rebuild(Map<String, String> environment) {
    StringWriter said = new StringWriter();
    int code =
        Main.commandLine(environment)
            .setOut(new PrintWriter(said))
            .setErr(new PrintWriter(said))
            .execute("rebuild", "--json");
    if (code != 0) {
      throw new IllegalStateException("rebuild failed: " + said);
    }
  }

  private Row row(String side, Comparison measured) {
    return new Row()
        .with("side", side)
        .with("entries_per_s", 1e6 / measured.median(side, "us"))
        .with("cpu_us", measured.median(side, "cpu_us"))
        .with("redis_us", measured.median(side, "redis_us"))
        .with("ratio", measured.ratio(PLAIN, side, "us"))
        .with("ratio_to_topic", measured.ratio(PLAIN_FROM_TOPIC, side, "us").median());
  }
}
