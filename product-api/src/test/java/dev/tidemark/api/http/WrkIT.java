package dev.tidemark.api.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tidemark.api.ForeignProgram;
import dev.tidemark.api.RunningService;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Test of the service under the load of wrk, if the machine has it.
final class WrkIT {

  private static final Pattern STATUS = Pattern.compile("status (.+): (\\d+)");
  private static final Pattern LATENCY_OF_SLOWEST_HUNDREDTH =
      Pattern.compile("99%\\s+[0-9.]+(us|ms|s)");

  @RegisterExtension private static final RunningService api = new RunningService();

  @BeforeEach
  void thereIsAWrk() throws IOException {
    assumeTrue(
        ForeignProgram.run("wrk", "--version").isPresent(),
        "no wrk on this machine: apt-get install wrk, or brew install wrk");
  }

  /// Returns the number of answers of each status. No connection was refused, cut off, or left
  /// without an answer.
  ///
  /// @param name of the products that are to be created; where there is none, the path is read
  private static Map<String, Long> wrk(
      RunningService service, String path, int connections, String... name) throws IOException {
    List<String> command = new ArrayList<>(List.of("wrk", "-t2", "-d2s", "--timeout", "30s"));
    command.addAll(List.of("-c" + connections, "--latency", "-s", "src/test/resources/wrk.lua"));
    command.addAll(List.of(service.uri(path).toString(), "--"));
    command.addAll(List.of(name));
    ForeignProgram wrk = ForeignProgram.run(command.toArray(String[]::new)).orElseThrow();
    assertThat(wrk.exitCode()).as(wrk.output()).isZero();
    assertThat(wrk.output())
        .doesNotContain("Socket errors")
        .containsPattern(LATENCY_OF_SLOWEST_HUNDREDTH);
    return STATUS
        .matcher(wrk.output())
        .results()
        .collect(
            Collectors.toMap(
                (MatchResult line) -> line.group(1), line -> Long.parseLong(line.group(2))));
  }

  @Test
  void eachReadIsAnswered() throws IOException {
    api.put("/products/popular", "{'name':'Chair','price':12.5,'currency':'EUR'}");
    assertThat(wrk(api, "/products/popular", 16)).containsOnlyKeys("200");
    assertThat(api.admin("/health/ready").status()).isEqualTo(200);
  }

  @Test
  void eachWriteThatIsAnsweredIsDoneOnce() throws IOException {
    int connections = 8;
    Map<String, Long> answers = wrk(api, "/products", connections, "counted");
    assertThat(answers).containsOnlyKeys("201");
    // When its time is over, wrk does not wait for outstanding answers.
    long answered = answers.get("201");
    assertThat(count("select count(*) from product where name = 'counted'"))
        .isBetween(answered, answered + connections);
    assertThat(
            count(
                "select count(*) from product p where name = 'counted' and 1 <> "
                    + "(select count(*) from outbox where aggregateid = p.id)"))
        .as("products without their one event")
        .isZero();
  }

  private static long count(String query) {
    return Long.parseLong(api.texts(query).getFirst());
  }

  @Test
  void whatIsTooMuchIsAnsweredSoAndNothingIsCutOff() throws IOException {
    RunningService small = api.beside("TIDEMARK_API_REQUESTS", "2");
    try {
      assertThat(wrk(small, "/products", 32, "shed")).containsOnlyKeys("201", "503");
      assertThat(small.admin("/health/ready").status()).isEqualTo(200);
    } finally {
      small.service().close();
    }
  }

  @Test
  void connectionsBeyondTheLimitAreNotCutOff() throws IOException {
    RunningService small = api.beside("TIDEMARK_API_CONNECTIONS", "8");
    try {
      assertThat(wrk(small, "/products?ids=none", 32)).containsOnlyKeys("200");
      assertThat(small.get("/products?ids=none").status()).isEqualTo(200);
    } finally {
      small.service().close();
    }
  }
}
