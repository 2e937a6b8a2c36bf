package dev.tidemark.devstack.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ZipfTest {
  private static final long SEED = 7;
  private static final int DRAWS = 200_000;

  @Test
  void ranksAreDrawnInProportionToTheirWeights() {
    int[] drawn = draw(new Zipf(4, 1), 4);
    // The weights 1, 1/2, 1/3, 1/4 as parts of their sum, 25/12.
    double whole = 25.0 / 12;
    for (int rank = 0; rank < 4; rank++) {
      assertThat((double) drawn[rank] / DRAWS)
          .as("rank %d with seed %d", rank, SEED)
          .isCloseTo(1.0 / (rank + 1) / whole, within(0.01));
    }
  }

  @Test
  void exponentZeroMakesAllEqual() {
    int[] drawn = draw(new Zipf(10, 0), 10);
    for (int count : drawn) {
      assertThat((double) count / DRAWS).as("seed %d", SEED).isCloseTo(0.1, within(0.01));
    }
  }

  @Test
  void aSingleRankIsAlwaysDrawn() {
    assertThat(draw(new Zipf(1, 1), 1)[0]).isEqualTo(DRAWS);
  }

  @Test
  void nothingToDrawFromIsRefused() {
    assertThatThrownBy(() -> new Zipf(0, 1)).isInstanceOf(IllegalArgumentException.class);
  }

  private static int[] draw(Zipf zipf, int size) {
    SplittableRandom random = new SplittableRandom(SEED);
    int[] drawn = new int[size];
    for (int draw = 0; draw < DRAWS; draw++) {
      drawn[zipf.next(random)]++;
    }
    return drawn;
  }
}
