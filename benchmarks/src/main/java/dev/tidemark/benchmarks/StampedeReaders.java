package dev.tidemark.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemark.cache.CacheSettings;
import dev.tidemark.cache.ReadOption;
import dev.tidemark.cache.VersionedCache;
import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.cache.store.CacheKey;
import io.opentelemetry.api.OpenTelemetry;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.HdrHistogram.ConcurrentHistogram;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// A process of readers, for [StampedeBenchmark]. For each stampede it receives the side and the id
/// of a product, brings its readers to the start and writes `ready`. On `go` it lets them all read
/// at once, and answers with the [ReadersResult]. It ends with its input.
@Command(
    name = "stampede-readers",
    hidden = true,
    description = "A process of readers, started by `stampede`.")
final class StampedeReaders implements Callable<Integer> {

  static final String TIDEMARK = "tidemark";
  static final String PLAIN = "plain";
  static final String READY = "ready";
  static final String GO = "go";

  static final String TYPE = "product";
  private static final int HISTOGRAM_DIGITS = 3;

  @Option(names = "--redis", required = true)
  private String redis = "";

  @Option(names = "--database", required = true)
  private String database = "";

  @Option(names = "--query-millis", required = true)
  private long queryMillis;

  @Option(names = "--readers", required = true)
  private int readers;

  @Spec private CommandSpec spec = CommandSpec.create();

  @FunctionalInterface
  private interface Reading {
    Object read(String id) throws Exception;
  }

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, UTF_8));
    try (StampedeDatabase products =
            StampedeDatabase.open(database, Duration.ofMillis(queryMillis));
        RedisConnection connection = Workbench.connect(redis)) {
      VersionedCache tidemark =
          new VersionedCache(
              connection.entries(),
              CacheSettings.defaults(),
              OpenTelemetry.noop().getMeter("benchmark"));
      PlainCache plain = new PlainCache(connection.client(), products);
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        String[] sideAndId = line.split(" ", 2);
        Reading reading =
            switch (sideAndId[0]) {
              case TIDEMARK ->
                  id ->
                      tidemark.read(
                          CacheKey.of(TYPE, id), ReadOption.eventual(), () -> products.read(id));
              case PLAIN -> plain::read;
              default -> throw new IllegalArgumentException("no side " + line);
            };
        ReadersResult result = stampede(reading, sideAndId[1], in, out);
        out.println(result.json());
        out.flush();
      }
    }
    return CommandLine.ExitCode.OK;
  }

  private ReadersResult stampede(Reading reading, String id, BufferedReader in, PrintWriter out)
      throws Exception {
    CountDownLatch atTheStart = new CountDownLatch(readers);
    CountDownLatch start = new CountDownLatch(1);
    ConcurrentHistogram micros = new ConcurrentHistogram(HISTOGRAM_DIGITS);
    AtomicInteger failures = new AtomicInteger();
    // All readers began to want the answer at this moment, including those that got no processor
    // yet.
    long[] began = new long[1];
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < readers; i++) {
        threads.execute(
            () -> {
              try {
                atTheStart.countDown();
                start.await();
                reading.read(id);
              } catch (Exception e) {
                failures.incrementAndGet();
              }
              micros.recordValue((System.nanoTime() - began[0]) / 1000);
            });
      }
      atTheStart.await();
      out.println(READY);
      out.flush();
      String go = in.readLine();
      if (!GO.equals(go)) {
        throw new IllegalStateException("expected " + GO + ", not " + go);
      }
      began[0] = System.nanoTime();
      start.countDown();
    }
    return ReadersResult.of(failures.get(), micros);
  }
}
