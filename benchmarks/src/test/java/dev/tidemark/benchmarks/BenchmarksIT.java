package dev.tidemark.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/// Runs each benchmark at a size at which nothing is measured, to check that it runs, and its
/// output.
class BenchmarksIT {

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final CommandLine command =
      Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));

  @Test
  void withoutANameTheBenchmarksAreListed() {
    assertThat(command.execute()).isZero();
    assertThat(out.toString())
        .contains(
            "read",
            "write",
            "import",
            "stampede",
            "memory",
            "codec",
            "relay",
            "invalidate",
            "rebuild",
            "Exit codes")
        .doesNotContain("stampede-readers");
  }

  @Test
  void anUnknownNameIsWrongUsage() {
    assertThat(command.execute("nothing")).isEqualTo(2);
    assertThat(err.toString()).contains("nothing");
  }

  @Test
  void readHasALineForEachPayloadAndNumberOfThreads() throws Exception {
    JsonNode report =
        json("read", "--rounds=1", "--warm-up-rounds=0", "--round-millis=5", "--threads=1,2");
    assertThat(report.get("results")).hasSize(4);
    for (JsonNode result : report.get("results")) {
      assertThat(result.get("ratio").asDouble()).isPositive();
      assertThat(result.get("library_alloc_bytes").asDouble())
          .isGreaterThan(result.get("payload_bytes").asDouble());
    }
  }

  @Test
  void writeComparesTheApiWithAndWithoutTriggers() throws Exception {
    JsonNode report = json("write", "--rounds=1", "--warm-up-rounds=0", "--writes=20");
    assertThat(report.get("results").findValuesAsText("commits"))
        .containsExactly("durable commits", "asynchronous commits");
    assertThat(report.get("results").get(1).get("triggers_ratio").asDouble()).isPositive();
  }

  @Test
  void importTakesTheSameRowsOnBothSides() throws Exception {
    JsonNode report = json("import", "--rounds=1", "--warm-up-rounds=0", "--lines=700");
    assertThat(report.get("results").get(0).get("speed_ratio").asDouble()).isPositive();
  }

  @Test
  void stampedeCountsTheReadsOfTheDatabase() throws Exception {
    JsonNode report =
        json(
            "stampede",
            "--rounds=1",
            "--warm-up-rounds=0",
            "--query-millis=0",
            "--readers=20",
            "--processes=2");
    JsonNode result = report.get("results").get(0);
    assertThat(result.get("tidemark_database_reads").asInt()).isBetween(1, 20);
    assertThat(result.get("plain_database_reads").asInt()).isBetween(1, 20);
  }

  @Test
  void memoryOfAValueIsAFewBytesMoreThanOfAPlainString() throws Exception {
    JsonNode report = json("memory", "--entries=2000", "--payload=100");
    JsonNode value = report.get("results").get(0);
    int plain = value.get("plain_usage_bytes").asInt();
    assertThat(value.get("usage_bytes").asInt()).isBetween(plain, plain + 16);
    JsonNode eviction = report.get("results").get(2);
    assertThat(eviction.get("entry").asText()).isEqualTo("cold eviction");
    assertThat(eviction.get("share_bytes").asDouble()).isLessThan(1);
  }

  @Test
  void codecHasALineForEachOperation() throws Exception {
    JsonNode report =
        json("codec", "--rounds=1", "--iteration-millis=5", "--payload=100", "--no-fork");
    assertThat(report.get("results").findValuesAsText("operation"))
        .containsExactly("encode", "decode");
    assertThat(report.get("results").get(1).get("codec_ns").asDouble()).isPositive();
  }

  @Test
  void relayDrainsTheSameRowsOnEverySide() throws Exception {
    JsonNode report =
        json(
            "relay",
            "--rounds=1",
            "--rows=200",
            "--warm-up-rows=200",
            "--idle-rows=3",
            "--settling-millis=0");
    assertThat(report.get("results").findValuesAsText("side"))
        .containsExactly(
            "exactly-once", "at-least-once", "worker-exactly-once", "worker-tuned", "raw-stream");
    for (JsonNode result : report.get("results")) {
      assertThat(result.get("rows_per_s").asDouble()).isPositive();
      assertThat(result.get("idle_p99_ms").asDouble()).isNotNegative();
    }
    assertThat(report.get("results").get(0).get("speed_ratio").asDouble()).isPositive();
  }

  @Test
  void rebuildFillsAsManyEntriesOnEverySide() throws Exception {
    JsonNode report = json("rebuild", "--rounds=1", "--warm-up-rounds=0", "--entries=3000");
    assertThat(report.get("results").findValuesAsText("side"))
        .containsExactly("plain-set", "topic-and-plain-set", "rebuild");
    for (JsonNode result : report.get("results")) {
      assertThat(result.get("ratio").asDouble()).isPositive();
    }
  }

  @Test
  void invalidateEvictsTheSameKeysOnBothSides() throws Exception {
    JsonNode report = json("invalidate", "--rounds=1", "--events=300", "--warm-up-events=300");
    assertThat(report.get("results").findValuesAsText("cache")).containsExactly("cold", "warm");
    for (JsonNode result : report.get("results")) {
      assertThat(result.get("invalidator_evictions_per_s").asDouble()).isPositive();
      assertThat(result.get("ratio").asDouble()).isPositive();
    }
  }

  /// Runs with `--json`, so that standard output contains only the line.
  private JsonNode json(String... arguments) throws Exception {
    int exitCode = command.execute(with(arguments, "--json"));
    assertThat(exitCode).as(err.toString()).isZero();
    assertThat(out.toString().lines()).hasSize(1);
    JsonNode line = JsonMapper.builder().build().readTree(out.toString());
    assertThat(line.get("benchmark").asText()).isEqualTo(arguments[0]);
    return line;
  }

  private static String[] with(String[] arguments, String last) {
    String[] all = Arrays.copyOf(arguments, arguments.length + 1);
    all[arguments.length] = last;
    return all;
  }
}
