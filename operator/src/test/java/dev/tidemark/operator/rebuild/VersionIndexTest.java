package dev.tidemark.operator.rebuild;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class VersionIndexTest {

  private static final long PLENTY = 1L << 30;

  private final VersionIndex index = new VersionIndex(PLENTY);

  @Test
  void theGreatestVersionIsTheNewestInWhateverOrder() {
    index.saw("a", 2);
    index.saw("a", 3);
    index.saw("a", 1);

    assertThat(index.isNewest("a", 3)).isTrue();
    assertThat(index.isNewest("a", 2)).isFalse();
    assertThat(index.isNewest("a", 1)).isFalse();
    assertThat(index.isNewest("b", 1)).isFalse();
  }

  @Test
  void itIsTakenOnce() {
    index.saw("a", 3);

    assertThat(index.take("a", 2)).isFalse();
    assertThat(index.take("a", 3)).isTrue();
    assertThat(index.take("a", 3)).isFalse();
    assertThat(index.isNewest("a", 3)).as("still").isTrue();
  }

  @Test
  void whatComesAfterItWasTakenIsNewer() {
    index.saw("a", 3);
    index.take("a", 3);

    index.saw("a", 4);

    assertThat(index.isNewest("a", 3)).isFalse();
    assertThat(index.take("a", 4)).isTrue();
  }

  @Test
  void ofAKeyWithAVersionThatNobodyKnowsNoneIsNewest() {
    index.saw("a", 3);

    index.sawUnknown("a");
    index.saw("a", 4);

    assertThat(index.isNewest("a", 3)).isFalse();
    assertThat(index.isNewest("a", 4)).isFalse();
    assertThat(index.take("a", 4)).isFalse();
  }

  @Test
  void ofTwoKeysWithOneHashNoOlderVersionCountsAsNewest() {
    VersionIndex colliding = new VersionIndex(PLENTY, key -> 7, 0);
    colliding.saw("a", 5);
    colliding.saw("b", 3);
    colliding.saw("b", 4);

    assertThat(colliding.isNewest("a", 5)).isTrue();
    assertThat(colliding.isNewest("b", 3)).isFalse();
    assertThat(colliding.isNewest("b", 4)).as("left out").isFalse();
  }

  @Test
  void aHashOfZeroIsOneLikeOthers() {
    VersionIndex zero = new VersionIndex(PLENTY, key -> 0, 0);
    zero.saw("a", 5);

    assertThat(zero.isNewest("a", 5)).isTrue();
  }

  @Test
  void itKnowsWhatAMapKnows() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    Map<String, Long> newest = new HashMap<>();
    for (int i = 0; i < 300_000; i++) {
      String key = "product:" + random.nextInt(100_000);
      long version = random.nextLong(1, 1000);
      index.saw(key, version);
      newest.merge(key, version, Math::max);
    }
    newest.forEach(
        (key, version) -> {
          assertThat(index.isNewest(key, version)).as("seed %d, %s", seed, key).isTrue();
          assertThat(index.isNewest(key, version - 1)).as("seed %d, %s", seed, key).isFalse();
        });
    assertThat((double) index.bytes() / newest.size()).as("bytes for a key").isBetween(20.0, 40.0);
  }

  @Test
  void withLittleMemoryEachKeyIsInOneRoundAndItsNewestIsKnownThere() {
    int keys = 50_000;
    VersionIndex round = new VersionIndex(300_000);
    Set<String> seen = new HashSet<>();
    int rounds = 0;
    while (true) {
      rounds++;
      for (int version = 1; version <= 2; version++) {
        for (int i = 0; i < keys; i++) {
          round.saw("product:" + i, version);
        }
      }
      assertThat(round.bytes()).isLessThanOrEqualTo(300_000);
      for (int i = 0; i < keys; i++) {
        String key = "product:" + i;
        assertThat(round.isNewest(key, 1)).isFalse();
        if (round.take(key, 2)) {
          assertThat(round.covers(key)).isTrue();
          assertThat(seen.add(key)).as(key).isTrue();
        }
      }
      if (round.hasAll()) {
        break;
      }
      round = round.next();
    }
    assertThat(seen).hasSize(keys);
    assertThat(rounds).isBetween(3, 10);
  }
}
