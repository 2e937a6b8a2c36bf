package dev.tidemark.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.benchmarks.Comparison.Spread;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReportTest {

  private final Report report =
      new Report(
          "sample",
          new Row().with("rounds", 3),
          List.of(
              new Row().with("side", "ours").with("us", 1234.5678).with("ratio", 0.00012),
              new Row().with("side", "all the others").with("us", 2_000_000.0)));

  @Test
  void theJsonIsOneLineOfPlainNumbers() {
    assertThat(report.json())
        .doesNotContain("\n")
        .startsWith("{\"benchmark\":\"sample\",\"machine\":{\"processors\":")
        .endsWith(
            "\"settings\":{\"rounds\":3},\"results\":["
                + "{\"side\":\"ours\",\"us\":1235,\"ratio\":0.00012},"
                + "{\"side\":\"all the others\",\"us\":2000000}]}");
  }

  @Test
  void theTableHasALineForEachRow() {
    assertThat(report.table())
        .isEqualTo(
            """
                      side       us    ratio
                      ours     1235  0.00012
            all the others  2000000        \s
            """);
  }

  @Test
  void aSpreadIsTheMedianWithItsQuartilesBesideIt() {
    assertThat(new Row().with("ratio", new Spread(1.01, 1.02, 1.04)).figures().keySet())
        .containsExactly("ratio", "ratio_low", "ratio_high");
  }
}
