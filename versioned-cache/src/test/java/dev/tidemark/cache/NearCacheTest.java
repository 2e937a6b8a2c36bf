package dev.tidemark.cache;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.CachedValue.Absent;
import dev.tidemark.cache.store.CachedValue.Present;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class NearCacheTest {

  private static final String KEY = "product:1";
  private static final NearCacheSettings SETTINGS =
      new NearCacheSettings(100, Duration.ofSeconds(2), Duration.ofSeconds(1));

  private final AtomicLong now = new AtomicLong(-1_000_000_000L);
  private final AtomicInteger gaps = new AtomicInteger();
  private final NearCache near = new NearCache(SETTINGS, now::get, gaps::incrementAndGet);

  @BeforeEach
  void fed() {
    near.alive();
  }

  private void offer(CachedValue value) {
    near.offer(KEY, value, near.generation());
  }

  private void pass(Duration time) {
    now.addAndGet(time.toNanos());
  }

  private static Present value(long version) {
    return new Present(version, ("{\"version\":" + version + "}").getBytes(UTF_8));
  }

  @Test
  void servesWhatWasOffered() {
    offer(value(1));
    assertThat(near.get(KEY)).contains(value(1));
    assertThat(near.get("product:2")).isEmpty();
  }

  @Test
  void servesKnownAbsence() {
    offer(new Absent(3));
    assertThat(near.get(KEY)).contains(new Absent(3));
  }

  @Test
  void anEventOfANewerVersionRemovesTheValue() {
    offer(value(1));
    near.changed(KEY, 2);
    assertThat(near.get(KEY)).isEmpty();
    assertThat(near.floor(KEY)).isEqualTo(2);
  }

  @Test
  void anEventOfTheSameOrAnOlderVersionChangesNothing_H9() {
    offer(value(5));
    near.changed(KEY, 5);
    near.changed(KEY, 3);
    assertThat(near.get(KEY)).contains(value(5));
    assertThat(gaps).hasValue(0);
  }

  @Test
  void aValueThatWasLookedUpBeforeTheEventIsRefusedAfterIt_H1() {
    long asked = near.generation();
    near.changed(KEY, 2);
    near.offer(KEY, value(1), asked);
    assertThat(near.get(KEY)).isEmpty();
  }

  @Test
  void theOldValueThatTheStoreStillHoldsIsRefused_H18() {
    near.changed(KEY, 2);
    offer(value(1));
    assertThat(near.get(KEY)).isEmpty();
    offer(value(2));
    assertThat(near.get(KEY)).contains(value(2));
  }

  @Test
  void anOlderOfferDoesNotReplaceANewerOne() {
    offer(value(2));
    offer(value(1));
    assertThat(near.get(KEY)).contains(value(2));
  }

  @Test
  void aMissingEventIsNoticedAndNothingIsBelievedAnyMore_H18() {
    offer(value(1));
    near.offer("product:2", value(7), near.generation());
    near.changed(KEY, 3);
    assertThat(gaps).hasValue(1);
    assertThat(near.get(KEY)).isEmpty();
    assertThat(near.get("product:2")).isEmpty();
  }

  @Test
  void aMissingEventIsNoticedByTheOneBeforeToo_H18() {
    near.changed(KEY, 1);
    near.offer("product:2", value(7), near.generation());
    near.changed(KEY, 3);
    assertThat(gaps).hasValue(1);
    assertThat(near.get("product:2")).isEmpty();
  }

  @Test
  void eventsInTheirOrderAreNoGap() {
    near.changed(KEY, 4);
    near.changed(KEY, 5);
    offer(value(5));
    near.changed(KEY, 6);
    near.changed(KEY, 6);
    near.changed("product:2", 900);
    assertThat(gaps).hasValue(0);
  }

  @Test
  void theProcessesOwnWriteIsNoGapForTheEventsThatFollow() {
    near.changed(KEY, 4);
    near.written(KEY, 7);
    near.changed(KEY, 5);
    near.changed(KEY, 6);
    near.changed(KEY, 7);
    near.changed(KEY, 8);
    assertThat(gaps).hasValue(0);
  }

  @Test
  void theProcessesOwnWriteIsSeenAtOnce_H13() {
    offer(value(1));
    near.written(KEY, 2);
    assertThat(near.get(KEY)).isEmpty();
    offer(value(1));
    assertThat(near.get(KEY)).isEmpty();
  }

  @Test
  void whenTheFeedIsSilentNothingIsServedOrKept_H18() {
    offer(value(1));
    pass(Duration.ofMillis(999));
    assertThat(near.get(KEY)).contains(value(1));
    pass(Duration.ofMillis(1));
    assertThat(near.get(KEY)).isEmpty();
    near.offer("product:2", value(1), near.generation());
    near.alive();
    assertThat(near.get("product:2")).isEmpty();
  }

  @Test
  void afterASilenceWhatWasThereBeforeIsNotBelieved_H18() {
    offer(value(1));
    pass(Duration.ofSeconds(1));
    near.alive();
    assertThat(near.get(KEY)).isEmpty();
    offer(value(1));
    assertThat(near.get(KEY)).contains(value(1));
  }

  @Test
  void withoutAFeedItIsOff() {
    NearCache unfed = new NearCache(SETTINGS, now::get, gaps::incrementAndGet);
    unfed.offer(KEY, value(1), unfed.generation());
    assertThat(unfed.get(KEY)).isEmpty();
    unfed.written(KEY, 5);
    assertThat(unfed.floor(KEY)).isZero();
  }

  @Test
  void aLostPositionTurnsItOffUntilTheFeedIsAliveAgain_H18() {
    offer(value(1));
    near.lost();
    assertThat(near.get(KEY)).isEmpty();
    near.alive();
    assertThat(near.get(KEY)).isEmpty();
  }

  @Test
  void whatWasLookedUpBeforeEventsWereLostIsRefusedAfterwards_H18() {
    long asked = near.generation();
    near.lost();
    near.alive();
    near.offer(KEY, value(1), asked);
    assertThat(near.get(KEY)).isEmpty();
  }

  @Test
  void valuesLiveForSecondsOnly_H18() {
    offer(value(1));
    for (int i = 0; i < 4; i++) {
      pass(Duration.ofMillis(500));
      near.alive();
    }
    assertThat(near.get(KEY)).isEmpty();
  }

  @Test
  void whatChangesNothingDoesNotProlongAValue_H18() {
    offer(value(5));
    pass(Duration.ofMillis(900));
    near.alive();
    near.changed(KEY, 5);
    offer(value(4));
    pass(Duration.ofMillis(900));
    near.alive();
    near.changed(KEY, 5);
    offer(value(4));
    pass(Duration.ofMillis(200));
    assertThat(near.get(KEY)).isEmpty();
  }

  @Test
  void memoryIsBounded() {
    for (int i = 0; i < 10_000; i++) {
      near.offer("product:" + i, value(1), near.generation());
    }
    long kept = 0;
    for (int i = 0; i < 10_000; i++) {
      kept += near.get("product:" + i).isPresent() ? 1 : 0;
    }
    assertThat(kept).isBetween(1L, 100L);
  }

  @Test
  void aFloorThatHadToGoCountsAsLost_H18() {
    offer(value(1));
    for (int i = 0; i < 200_000; i++) {
      near.changed("other:" + i, 1);
    }
    near.alive();
    assertThat(near.get(KEY)).isEmpty();
  }
}
