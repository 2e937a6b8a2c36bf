package dev.tidemark.cache;

import dev.tidemark.cache.store.CachedValue;
import java.time.Duration;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.junit.jupiter.api.Test;

/// Readers that offer what they looked up, beside the feed: whatever the threads do, the result
/// equals one operation after the other. So no value is served that is below a version reported
/// before.
@Param(name = "version", gen = IntGen.class, conf = "1:3")
public class NearCacheLincheckTest {

  private static final String KEY = "k";

  private final NearCache near =
      new NearCache(
          new NearCacheSettings(10, Duration.ofHours(1), Duration.ofHours(1)), () -> 0L, () -> {});

  public NearCacheLincheckTest() {
    near.alive();
  }

  @Operation
  public void offer(@Param(name = "version") int version) {
    near.offer(KEY, new CachedValue.Absent(version), near.generation());
  }

  @Operation
  public void written(@Param(name = "version") int version) {
    near.written(KEY, version);
  }

  @Operation
  public long get() {
    return near.get(KEY).map(CachedValue::version).orElse(-1L);
  }

  @Test
  void isLinearizable() {
    new StressOptions()
        .iterations(10)
        .invocationsPerIteration(1_000)
        .threads(2)
        .actorsPerThread(2)
        .actorsBefore(1)
        .actorsAfter(1)
        .check(NearCacheLincheckTest.class);
  }
}
