package dev.tidemark.benchmarks;

import dev.tidemark.cache.redis.EntryCodecBenchmark;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.format.OutputFormat;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// Measures writing and reading the bytes of an entry, beside a plain copy of the same number of
/// bytes, by JMH.
@Command(
    name = "codec",
    description = "Writing and reading an entry's bytes beside a plain copy of them (JMH).")
final class CodecBenchmark extends Benchmark {

  private static final int ITERATIONS = 3;
  private static final String ALLOCATED = "gc.alloc.rate.norm";

  /// Format without output: JMH would report itself on standard output.
  private static final OutputFormat SILENT =
      OutputFormatFactory.createFormatInstance(System.err, VerboseMode.SILENT);

  @Option(
      names = "--payload",
      split = ",",
      defaultValue = "100,1000,10000",
      paramLabel = "BYTES",
      description = "Sizes of the values (${DEFAULT-VALUE}).")
  private List<Integer> payloads = List.of();

  @Option(
      names = "--rounds",
      defaultValue = "3",
      paramLabel = "N",
      description = "How often each side is measured, in a JVM of its own (${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--iteration-millis",
      defaultValue = "500",
      paramLabel = "MS",
      description = "How long one of JMH's iterations lasts (${DEFAULT-VALUE}).")
  private int iterationMillis;

  @Option(
      names = "--fork",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description = "Measure in other JVMs than this one; the default.")
  private boolean fork;

  @Override
  Report run(Workbench bench) throws Exception {
    List<Row> rows = new ArrayList<>();
    Map<Integer, Comparison> measured = new HashMap<>();
    for (int round = 0; round < rounds; round++) {
      for (int payload : payloads) {
        bench.say("%d B: round %d of %d".formatted(payload, round + 1, rounds));
        Comparison comparison = measured.computeIfAbsent(payload, _ -> new Comparison());
        new Runner(options(payload), SILENT)
            .run()
            .forEach(
                result -> comparison.add(result.getPrimaryResult().getLabel(), figures(result)));
      }
    }
    for (int payload : payloads) {
      Comparison comparison = measured.getOrDefault(payload, new Comparison());
      rows.add(row("encode", payload, comparison));
      rows.add(row("decode", payload, comparison));
    }
    Row settings =
        new Row()
            .with("rounds", rounds)
            .with("iterations", ITERATIONS)
            .with("iteration_ms", iterationMillis);
    return new Report("codec", settings, rows);
  }

  private Options options(int payload) {
    TimeValue time = TimeValue.milliseconds(iterationMillis);
    return new OptionsBuilder()
        .include(Pattern.quote(EntryCodecBenchmark.class.getName()))
        .param("payload", Integer.toString(payload))
        .forks(fork ? 1 : 0)
        .warmupIterations(ITERATIONS)
        .warmupTime(time)
        .measurementIterations(ITERATIONS)
        .measurementTime(time)
        .addProfiler(GCProfiler.class)
        .shouldFailOnError(true)
        .build();
  }

  private static Map<String, Double> figures(RunResult result) {
    Result<?> allocated =
        Objects.requireNonNull(
            result.getSecondaryResults().get(ALLOCATED), "JMH's profiler told of no " + ALLOCATED);
    return Map.of("ns", result.getPrimaryResult().getScore(), "bytes", allocated.getScore());
  }

  private static Row row(String operation, int payload, Comparison measured) {
    return new Row()
        .with("operation", operation)
        .with("payload_bytes", payload)
        .with("codec_ns", measured.median(operation, "ns"))
        .with("copy_ns", measured.median("copy", "ns"))
        .with("ratio", measured.ratio(operation, "copy", "ns"))
        .with("codec_alloc_bytes", measured.median(operation, "bytes"))
        .with("copy_alloc_bytes", measured.median("copy", "bytes"));
  }
}
