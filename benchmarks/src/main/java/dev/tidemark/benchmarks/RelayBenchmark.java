package dev.tidemark.benchmarks;

import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.embedded.PostgresServer;
import java.io.File;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// Measures the relay beside the usual alternative, a Kafka Connect worker with the same connector,
/// and beside the bare replication stream: the rate at which each drains a backlog of the outbox
/// into a topic, and the time of a single row when there is nothing else to do.
@Command(
    name = "relay",
    description = "Outbox to topic, beside a Kafka Connect worker and the raw replication stream.")
final class RelayBenchmark extends Benchmark {

  static final String EXACTLY_ONCE = "exactly-once";
  static final String AT_LEAST_ONCE = "at-least-once";
  static final String OTHER_EXACTLY_ONCE = "other-exactly-once";
  static final String OTHER_AT_LEAST_ONCE = "other-at-least-once";
  static final String WORKER_EXACTLY_ONCE = "worker-exactly-once";
  static final String WORKER_TUNED = "worker-tuned";
  static final String RAW = "raw-stream";

  private static final int MIB = 1 << 20;
  private static final int HISTOGRAM_DIGITS = 3;

  @Option(
      names = "--rows",
      defaultValue = "200000",
      paramLabel = "N",
      description = "Rows that each side drains, measured (${DEFAULT-VALUE}).")
  private int rows;

  @Option(
      names = "--warm-up-rows",
      defaultValue = "200000",
      paramLabel = "N",
      description = "Rows that it drains before those, just started (${DEFAULT-VALUE}).")
  private int warmUpRows;

  @Option(
      names = "--rows-per-transaction",
      defaultValue = "10",
      paramLabel = "N",
      description = "How the rows were written (${DEFAULT-VALUE}).")
  private int rowsPerTransaction;

  @Option(
      names = "--payload",
      defaultValue = "1000",
      paramLabel = "BYTES",
      description = "Size of a row's text (${DEFAULT-VALUE}).")
  private int payload;

  @Option(
      names = "--idle-rows",
      defaultValue = "300",
      paramLabel = "N",
      description = "Rows committed one by one on an idle system (${DEFAULT-VALUE}).")
  private int idleRows;

  @Option(
      names = "--idle-pause-millis",
      defaultValue = "40",
      paramLabel = "MS",
      description = "Between two of those, on average (${DEFAULT-VALUE}).")
  private int idlePauseMillis;

  @Option(
      names = "--settling-millis",
      defaultValue = "5000",
      paramLabel = "MS",
      description = "Between the drained backlog and the first of those (${DEFAULT-VALUE}).")
  private int settlingMillis;

  @Option(
      names = "--rounds",
      defaultValue = "5",
      paramLabel = "N",
      description = "Rounds (${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--sides",
      split = ",",
      defaultValue =
          EXACTLY_ONCE
              + ","
              + AT_LEAST_ONCE
              + ","
              + WORKER_EXACTLY_ONCE
              + ","
              + WORKER_TUNED
              + ","
              + RAW,
      paramLabel = "NAME",
      description = "What is measured (${DEFAULT-VALUE}).")
  private List<String> sides = List.of();

  @Option(
      names = "--relay-jvm",
      defaultValue = RelayProgram.JVM,
      paramLabel = "OPTIONS",
      description = "Options of the relay's JVM (${DEFAULT-VALUE}).")
  private String relayJvm = "";

  @Option(
      names = "--other-build",
      paramLabel = "PATHS",
      description =
          "Class path of another build of the relay, put before this one's for the sides "
              + OTHER_EXACTLY_ONCE
              + " and "
              + OTHER_AT_LEAST_ONCE
              + ".")
  private String otherBuild = "";

  @Option(
      names = "--relay-setting",
      paramLabel = "NAME=VALUE",
      description = "A variable for the relay's environment; may be repeated.")
  private Map<String, String> relaySettings = Map.of();

  @Option(
      names = "--worker-setting",
      paramLabel = "NAME=VALUE",
      description =
          "A setting of the worker's connector; may be repeated (by default poll.interval.ms=5, as"
              + " the relay has it).")
  private Map<String, String> workerSettings = Map.of("poll.interval.ms", "5");

  @Option(
      names = "--worker-producer",
      paramLabel = "NAME=VALUE",
      description =
          "A setting of the producer of the worker in exactly-once mode; may be repeated (by"
              + " default none).")
  private Map<String, String> workerProducer = Map.of();

  /// Opens a side for one round.
  @FunctionalInterface
  private interface Opening {
    Carrier open(Route route, Arrivals arrivals, Path folder) throws Exception;
  }

  @Override
  Report run(Workbench bench) throws Exception {
    if (otherBuild.isEmpty() && sides.stream().anyMatch(side -> side.startsWith("other-"))) {
      throw new IllegalArgumentException("--other-build is missing: a side is of another build");
    }
    PostgresServer postgres = bench.postgres();
    KafkaServer kafka = bench.kafka();
    OutboxTable outbox = bench.closing(OutboxTable.create(postgres));
    Comparison measured = new Comparison();
    for (int round = 0; round < rounds; round++) {
      Backlog backlog = new Backlog(round, warmUpRows, rows);
      bench.say("round %d of %d: writing the backlog".formatted(round + 1, rounds));
      outbox.clear();
      // All slots are created before the first row, so that each has the same log before it.
      for (String side : sides) {
        outbox.createSlot(slot(side, round));
      }
      outbox.write(backlog, rowsPerTransaction, payload);
      for (int i = 0; i < sides.size(); i++) {
        String side = sides.get((i + round) % sides.size());
        bench.say("round %d of %d: %s".formatted(round + 1, rounds, side));
        String topic = "%s.%d".formatted(side, round);
        Route route = new Route(postgres, slot(side, round), kafka.bootstrapServers(), topic);
        // Rows that are written one by one also come to the following sides, which know their own
        // rows.
        Map<String, Double> figures = carry(side, route, backlog, i, outbox, bench);
        bench.say("  " + figures);
        measured.add(side, figures);
        outbox.dropSlot(slot(side, round));
        TopicReader.delete(kafka.bootstrapServers(), topic);
      }
    }
    Row settings =
        new Row()
            .with("rounds", rounds)
            .with("rows", rows)
            .with("warm_up_rows", warmUpRows)
            .with("rows_per_transaction", rowsPerTransaction)
            .with("payload_bytes", payload)
            .with("idle_rows", idleRows)
            .with("idle_pause_ms", idlePauseMillis)
            .with("relay_jvm", relayJvm);
    return new Report("relay", settings, sides.stream().map(side -> row(side, measured)).toList());
  }

  private Opening opening(String side) {
    return switch (side) {
      case EXACTLY_ONCE, AT_LEAST_ONCE -> relay(side, "");
      case OTHER_EXACTLY_ONCE -> relay(EXACTLY_ONCE, otherBuild + File.pathSeparator);
      case OTHER_AT_LEAST_ONCE -> relay(AT_LEAST_ONCE, otherBuild + File.pathSeparator);
      case WORKER_EXACTLY_ONCE ->
          (route, _, folder) ->
              ConnectWorker.start(true, workerProducer, workerSettings, route, folder);
      case WORKER_TUNED ->
          (route, _, folder) ->
              ConnectWorker.start(false, ConnectWorker.TUNED, workerSettings, route, folder);
      case RAW -> (route, arrivals, _) -> RawStream.start(route, arrivals);
      default -> throw new IllegalArgumentException("no side " + side);
    };
  }

  private Opening relay(String delivery, String classPathPrefix) {
    return (route, _, folder) -> {
      Map<String, String> settings = new HashMap<>(relaySettings);
      settings.put("RELAY_DELIVERY", delivery);
      return RelayProgram.start(
          List.of(relayJvm.split(" ")),
          classPathPrefix + System.getProperty("java.class.path"),
          settings,
          route,
          folder.resolve("relay.log"));
    };
  }

  private Map<String, Double> carry(
      String side, Route route, Backlog backlog, int turn, OutboxTable outbox, Workbench bench)
      throws Exception {
    Arrivals arrivals = new Arrivals(backlog, turn, idleRows);
    boolean committedOnly = side.endsWith(EXACTLY_ONCE);
    try (TopicReader reader =
            TopicReader.open(
                route.bootstrapServers(),
                route.topic(),
                committedOnly ? "read_committed" : "read_uncommitted",
                arrivals);
        Carrier carrier =
            opening(side).open(route, arrivals, bench.folder("%s".formatted(route.topic())))) {
      Map<String, Double> figures = new HashMap<>();
      try {
        drain(arrivals, carrier, reader, figures);
        idle(arrivals, carrier, reader, outbox, figures);
      } catch (TimeoutException e) {
        throw new IllegalStateException(side + " failed: " + carrier.lastWords(), e);
      }
      return figures;
    }
  }

  private void drain(
      Arrivals arrivals, Carrier carrier, TopicReader reader, Map<String, Double> figures)
      throws Exception {
    arrivals.awaitWarm(() -> carrier.isAlive() && reader.isAlive());
    long cpu = carrier.cpu().toNanos();
    arrivals.awaitDrained(() -> carrier.isAlive() && reader.isAlive());
    cpu = carrier.cpu().toNanos() - cpu;
    figures.put("cold_us", arrivals.coldMicrosPerRow());
    figures.put("us", arrivals.microsPerRow());
    figures.put("cpu_us", cpu / 1e3 / rows);
    figures.put("resident_mib", (double) carrier.residentBytes() / MIB);
  }

  private void idle(
      Arrivals arrivals,
      Carrier carrier,
      TopicReader reader,
      OutboxTable outbox,
      Map<String, Double> figures)
      throws Exception {
    long[] committed = new long[idleRows];
    // The code that was found hot in the drain may still be being compiled.
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(settlingMillis));
    long cpu = carrier.cpu().toNanos();
    long begin = System.nanoTime();
    for (int i = 0; i < idleRows; i++) {
      // The pause is random, so that it is not in step with any polling.
      long pause = ThreadLocalRandom.current().nextLong(2L * idlePauseMillis * 1000);
      LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(pause));
      outbox.write(arrivals.single(i));
      committed[i] = System.nanoTime();
    }
    long[] arrived = arrivals.awaitSingles(() -> carrier.isAlive() && reader.isAlive());
    double wall = System.nanoTime() - begin;
    cpu = carrier.cpu().toNanos() - cpu;
    Histogram micros = new Histogram(HISTOGRAM_DIGITS);
    for (int i = 0; i < idleRows; i++) {
      // The log may be read before the writer has its answer.
      micros.recordValue(Math.max(0, arrived[i] - committed[i]) / 1000);
    }
    figures.put("idle_p50_ms", micros.getValueAtPercentile(50) / 1e3);
    figures.put("idle_p99_ms", micros.getValueAtPercentile(99) / 1e3);
    figures.put("idle_core_percent", 100 * cpu / wall);
  }

  private Row row(String side, Comparison measured) {
    Row row =
        new Row()
            .with("side", side)
            .with("rows_per_s", 1e6 / measured.median(side, "us"))
            .with("cold_rows_per_s", 1e6 / measured.median(side, "cold_us"))
            .with("cpu_s_per_100k_rows", measured.median(side, "cpu_us") / 10)
            .with("resident_mib", measured.median(side, "resident_mib"))
            .with("idle_p50_ms", measured.median(side, "idle_p50_ms"))
            .with("idle_p99_ms", measured.median(side, "idle_p99_ms"))
            .with("idle_core_percent", measured.median(side, "idle_core_percent"));
    String other =
        switch (side) {
          case EXACTLY_ONCE ->
              sides.contains(OTHER_EXACTLY_ONCE) ? OTHER_EXACTLY_ONCE : WORKER_EXACTLY_ONCE;
          case AT_LEAST_ONCE ->
              sides.contains(OTHER_AT_LEAST_ONCE) ? OTHER_AT_LEAST_ONCE : WORKER_TUNED;
          default -> RAW;
        };
    if (sides.contains(other) && !other.equals(side)) {
      row.with("beside", other)
          .with("speed_ratio", measured.ratio(other, side, "us"))
          .with("cold_speed_ratio", measured.ratio(other, side, "cold_us").median())
          .with("cpu_ratio", measured.ratio(side, other, "cpu_us").median());
    }
    return row;
  }

  /// Returns the slot's name, which differs in each round: both kinds of carrier remember a slot,
  /// and what they read from it. PostgreSQL allows no hyphen in it.
  private static String slot(String side, int round) {
    return "%s_%d".formatted(side.replace('-', '_'), round);
  }
}
