package dev.tidemark.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.benchmarks.Comparison.Spread;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ComparisonTest {

  private final List<String> turns = new ArrayList<>();

  @Test
  void theSidesTakeTurnsInAnotherOrderEachRound() throws Exception {
    Comparison.alternate(3, List.of(side("a"), side("b")), "work", _ -> {});
    assertThat(turns).containsExactly("a", "b", "b", "a", "a", "b");
  }

  @Test
  void progressIsToldBeforeEachRound() throws Exception {
    Comparison.alternate(2, List.of(side("a")), "work", turns::add);
    assertThat(turns).containsExactly("work: round 1 of 2", "a", "work: round 2 of 2", "a");
  }

  @Test
  void sidesAreComparedRoundByRound() {
    Comparison comparison = new Comparison();
    // A machine that gets ten times slower in the middle changes no ratio.
    for (double slowness : new double[] {1, 1, 10, 10, 10}) {
      comparison.add("ours", Map.of("us", 3 * slowness));
      comparison.add("theirs", Map.of("us", 2 * slowness));
    }
    assertThat(comparison.ratio("ours", "theirs", "us")).isEqualTo(new Spread(1.5, 1.5, 1.5));
    assertThat(comparison.median("ours", "us")).isEqualTo(30);
    assertThat(comparison.max("theirs", "us")).isEqualTo(20);
  }

  @Test
  void theMiddleHalfOfTheRoundsIsTold() {
    Comparison comparison = new Comparison();
    for (double value : new double[] {1, 2, 3, 4, 5, 6, 7}) {
      comparison.add("ours", Map.of("us", value));
      comparison.add("theirs", Map.of("us", 1.0));
    }
    assertThat(comparison.ratio("ours", "theirs", "us")).isEqualTo(new Spread(2, 4, 6));
  }

  @Test
  void whatWasNotMeasuredIsNotTold() {
    Comparison comparison = new Comparison();
    comparison.add("ours", Map.of("us", 1.0));
    assertThatThrownBy(() -> comparison.median("theirs", "us")).hasMessageContaining("theirs");
    assertThatThrownBy(() -> comparison.median("ours", "ms")).hasMessageContaining("ms");
  }

  private Side side(String name) {
    return new Side(
        name,
        () -> {
          turns.add(name);
          return Map.of();
        });
  }
}
