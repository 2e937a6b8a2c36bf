package dev.tidemark.cache.store;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.tidemark.cache.redis.RedisSettings;
import dev.tidemark.cache.store.Acquisition.Acquired;
import dev.tidemark.cache.store.Acquisition.AlreadyCached;
import dev.tidemark.cache.store.Acquisition.BeingFilled;
import dev.tidemark.cache.store.CachedValue.Absent;
import dev.tidemark.cache.store.CachedValue.Present;
import dev.tidemark.cache.store.FillResult.LeaseLost;
import dev.tidemark.cache.store.FillResult.Stored;
import dev.tidemark.cache.store.FillResult.Superseded;
import dev.tidemark.cache.store.Lookup.Filling;
import dev.tidemark.cache.store.Lookup.Hit;
import dev.tidemark.cache.store.Lookup.Miss;
import dev.tidemark.cache.store.Outcome.Applied;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Contract of every entry store: the table of the protocol, operation by state, and its hazards.
public abstract class EntryStoreContract {

  public static final Duration TTL = Duration.ofMinutes(1);
  public static final Duration LEASE = Duration.ofSeconds(30);
  static final Duration SHORT = Duration.ofMillis(60);

  /// Settings for a busy machine, which answers late with the same outcomes.
  public static final RedisSettings PATIENT =
      RedisSettings.defaults().withTimeout(Duration.ofSeconds(5));

  public static final String MINE = "reader-1";
  public static final String OTHERS = "reader-2";

  public final String key = "product:" + UUID.randomUUID();

  public abstract EntryStore store();

  public static Present value(long version) {
    return new Present(version, ("{\"version\":" + version + "}").getBytes(UTF_8));
  }

  public void given(CachedValue value) {
    given(key, value);
  }

  public void given(String aKey, CachedValue value) {
    assertThat(store().acquire(aKey, "given", LEASE)).isEqualTo(new Acquired());
    assertThat(store().fill(aKey, "given", value, TTL)).isEqualTo(new Stored());
  }

  void givenLease(String token, long floor) {
    assertThat(store().acquire(key, token, LEASE)).isEqualTo(new Acquired());
    store().evict(key, floor);
  }

  public List<Lookup> lookups(List<String> keys) {
    return lookups(store(), keys);
  }

  public static List<Lookup> lookups(EntryStore store, List<String> keys) {
    return store.lookup(keys).stream().map(Outcome::orThrow).toList();
  }

  public void thenHolds(CachedValue value) {
    assertThat(store().lookup(key)).isEqualTo(new Hit(value));
  }

  public void thenIsFilling(long floor) {
    assertThat(store().lookup(key)).isEqualTo(new Filling(floor));
  }

  public void thenHoldsNothing() {
    assertThat(store().lookup(key)).isEqualTo(new Miss());
  }

  @Nested
  class Lookups {

    @Test
    void nothingIsAMiss() {
      thenHoldsNothing();
    }

    @Test
    void aValueIsAHit() {
      given(value(42));
      thenHolds(value(42));
    }

    @Test
    void knownAbsenceIsAHit() {
      given(new Absent(42));
      thenHolds(new Absent(42));
    }

    @Test
    void aLeaseIsSomebodyFilling() {
      givenLease(OTHERS, 7);
      thenIsFilling(7);
    }

    @Test
    void manyKeysAreAnsweredInTheirOrder() {
      given(key + "a", value(1));
      given(key + "b", new Absent(2));
      store().acquire(key + "c", OTHERS, LEASE);
      assertThat(lookups(List.of(key + "c", key + "x", key + "b", key + "a", key + "b")))
          .containsExactly(
              new Filling(0),
              new Miss(),
              new Hit(new Absent(2)),
              new Hit(value(1)),
              new Hit(new Absent(2)));
      assertThat(lookups(List.of())).isEmpty();
    }
  }

  @Nested
  class Acquisitions {

    @Test
    void whereNothingIsTheLeaseIsTaken() {
      assertThat(store().acquire(key, MINE, LEASE)).isEqualTo(new Acquired());
      thenIsFilling(0);
    }

    @Test
    void aValueIsAnsweredAndStays() {
      given(value(42));
      assertThat(store().acquire(key, MINE, LEASE)).isEqualTo(new AlreadyCached(value(42)));
      thenHolds(value(42));
    }

    @Test
    void knownAbsenceIsAnsweredAndStays() {
      given(new Absent(0));
      assertThat(store().acquire(key, MINE, LEASE)).isEqualTo(new AlreadyCached(new Absent(0)));
      thenHolds(new Absent(0));
    }

    @Test
    void anothersLeaseStays() {
      givenLease(OTHERS, 7);
      assertThat(store().acquire(key, MINE, LEASE)).isEqualTo(new BeingFilled(7));
      assertThat(store().fill(key, OTHERS, value(7), TTL)).isEqualTo(new Stored());
    }

    @Test
    void askedAgainAfterALostAnswerItIsStillMine_H6() {
      store().acquire(key, MINE, LEASE);
      store().evict(key, 5);
      assertThat(store().acquire(key, MINE, LEASE)).isEqualTo(new Acquired());
      thenIsFilling(5);
    }

    @Test
    void aLeaseEndsByItself_H17() {
      store().acquire(key, OTHERS, SHORT);
      await().until(() -> store().acquire(key, MINE, LEASE).equals(new Acquired()));
    }

    @Test
    void aRaisedFloorDoesNotProlongTheLease_H17() {
      store().acquire(key, OTHERS, SHORT);
      store().evict(key, 3);
      await().until(() -> store().lookup(key).equals(new Miss()));
    }

    @ParameterizedTest
    @ValueSource(
        strings = {
          "",
          "a b",
          "a\n",
          "ü",
          "a:b",
          "0123456789012345678901234567890123456789012345678901234567890123x"
        })
    void aTokenThatWouldBreakTheEntryIsRefused(String token) {
      assertThatThrownBy(() -> store().acquire(key, token, LEASE))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> store().fill(key, token, value(1), TTL))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> store().release(key, token))
          .isInstanceOf(IllegalArgumentException.class);
      thenHoldsNothing();
    }
  }

  @Nested
  class Fills {

    @Test
    void underMyLeaseTheValueIsStored() {
      givenLease(MINE, 0);
      assertThat(store().fill(key, MINE, value(42), TTL)).isEqualTo(new Stored());
      thenHolds(value(42));
    }

    @Test
    void theVersionOfTheFloorItselfIsStored_H9() {
      givenLease(MINE, 42);
      assertThat(store().fill(key, MINE, value(42), TTL)).isEqualTo(new Stored());
      thenHolds(value(42));
    }

    @Test
    void belowTheFloorIsRefusedAndTheLeaseGivenUp_H1() {
      givenLease(MINE, 2);
      assertThat(store().fill(key, MINE, value(1), TTL)).isEqualTo(new Superseded(2));
      thenHoldsNothing();
    }

    @Test
    void absenceReadBeforeTheCreationIsRefused_H11() {
      givenLease(MINE, 1);
      assertThat(store().fill(key, MINE, new Absent(0), TTL)).isEqualTo(new Superseded(1));
      thenHoldsNothing();
    }

    @Test
    void withoutALeaseItIsRefused_H3() {
      assertThat(store().fill(key, MINE, value(1), TTL)).isEqualTo(new LeaseLost());
      thenHoldsNothing();
    }

    @Test
    void afterTheLeaseExpiredItIsRefused_H2() {
      store().acquire(key, MINE, SHORT);
      await().until(() -> store().lookup(key).equals(new Miss()));
      assertThat(store().fill(key, MINE, value(1), TTL)).isEqualTo(new LeaseLost());
      thenHoldsNothing();
    }

    @Test
    void afterTheLeaseWasLostWithItsEntryItIsRefused_H3() {
      givenLease(MINE, 0);
      store().evictByForce(key);
      assertThat(store().fill(key, MINE, value(1), TTL)).isEqualTo(new LeaseLost());
      thenHoldsNothing();
    }

    @Test
    void underAnothersLeaseItIsRefusedAndTheLeaseStays() {
      givenLease(OTHERS, 3);
      assertThat(store().fill(key, MINE, value(9), TTL)).isEqualTo(new LeaseLost());
      thenIsFilling(3);
    }

    @Test
    void whereAValueIsItIsRefused() {
      given(value(1));
      assertThat(store().fill(key, MINE, value(9), TTL)).isEqualTo(new LeaseLost());
      thenHolds(value(1));
    }

    @Test
    void repeatedAfterALostAnswerItChangesNothing_H6() {
      givenLease(MINE, 0);
      store().fill(key, MINE, value(5), TTL);
      assertThat(store().fill(key, MINE, value(5), TTL)).isEqualTo(new LeaseLost());
      thenHolds(value(5));
    }

    @Test
    void theSlowFillerOfAnEvictedAndRefilledKeyIsRefused_H2() {
      givenLease(MINE, 0);
      store().evictByForce(key);
      given(value(2));
      assertThat(store().fill(key, MINE, value(1), TTL)).isEqualTo(new LeaseLost());
      thenHolds(value(2));
    }

    @Test
    void aValueExpires() {
      givenLease(MINE, 0);
      store().fill(key, MINE, value(1), SHORT);
      await().until(() -> store().lookup(key).equals(new Miss()));
    }
  }

  @Nested
  class Evictions {

    @Test
    void whereNothingIsNothingHappens() {
      assertThat(store().evict(key, 42)).isEqualTo(Eviction.ABSENT);
      thenHoldsNothing();
    }

    @Test
    void anOlderValueGoes() {
      given(value(41));
      assertThat(store().evict(key, 42)).isEqualTo(Eviction.EVICTED);
      thenHoldsNothing();
    }

    @Test
    void olderAbsenceGoes_H11() {
      given(new Absent(0));
      assertThat(store().evict(key, 1)).isEqualTo(Eviction.EVICTED);
      thenHoldsNothing();
    }

    @ParameterizedTest
    @ValueSource(longs = {42, 43, 100, CachedValue.MAX_VERSION})
    void anEqualOrNewerValueStays_H9(long held) {
      given(value(held));
      assertThat(store().evict(key, 42)).isEqualTo(Eviction.ALREADY_FRESH);
      thenHolds(value(held));
    }

    @Test
    void equalAbsenceStays_H9() {
      given(new Absent(42));
      assertThat(store().evict(key, 42)).isEqualTo(Eviction.ALREADY_FRESH);
      thenHolds(new Absent(42));
    }

    @Test
    void versionsAreComparedAsNumbers() {
      given(value(9));
      assertThat(store().evict(key, 10)).isEqualTo(Eviction.EVICTED);
      given(value(10));
      assertThat(store().evict(key, 9)).isEqualTo(Eviction.ALREADY_FRESH);
    }

    @Test
    void theFloorOfALeaseIsRaised_H1() {
      givenLease(MINE, 0);
      assertThat(store().evict(key, 42)).isEqualTo(Eviction.FLOOR_RAISED);
      thenIsFilling(42);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 41, 42})
    void theFloorOfALeaseIsNeverLowered(long late) {
      givenLease(MINE, 42);
      assertThat(store().evict(key, late)).isEqualTo(Eviction.ALREADY_FRESH);
      thenIsFilling(42);
    }

    @Test
    void repeatedItChangesNothing_H6() {
      given(value(41));
      store().evict(key, 42);
      assertThat(store().evict(key, 42)).isEqualTo(Eviction.ABSENT);
      givenLease(MINE, 0);
      store().evict(key, 42);
      assertThat(store().evict(key, 42)).isEqualTo(Eviction.ALREADY_FRESH);
      thenIsFilling(42);
    }

    @Test
    void outOfOrderTheHighestCounts_H38() {
      givenLease(MINE, 0);
      for (long version : new long[] {3, 9, 2, 9, 7}) {
        store().evict(key, version);
      }
      thenIsFilling(9);
    }

    @Test
    void byForceWhateverIsThereGoes_H8() {
      assertThat(store().evictByForce(key)).isFalse();
      given(value(42));
      assertThat(store().evictByForce(key)).isTrue();
      thenHoldsNothing();
      givenLease(MINE, 1);
      assertThat(store().evictByForce(key)).isTrue();
      thenHoldsNothing();
    }
  }

  /// Removal of a value that its source has disproved, because it should not have been written.
  @Nested
  class Removals {

    @Test
    void theValueThatWasSeenGoesWhateverItsVersion_H8() {
      given(value(99_999));
      assertThat(store().evictSeen(key, value(99_999))).isTrue();
      thenHoldsNothing();
      given(new Absent(99_999));
      assertThat(store().evictSeen(key, new Absent(99_999))).isTrue();
      thenHoldsNothing();
    }

    @Test
    void aNewerOneThatWasStoredMeanwhileStays() {
      given(value(43));
      assertThat(store().evictSeen(key, value(42))).isFalse();
      thenHolds(value(43));
    }

    @Test
    void anotherStateOfTheSameVersionStays() {
      given(value(42));
      assertThat(store().evictSeen(key, new Present(42, "{}".getBytes(UTF_8)))).isFalse();
      assertThat(store().evictSeen(key, new Absent(42))).isFalse();
      thenHolds(value(42));
    }

    @Test
    void aLeaseAndItsFloorStay() {
      givenLease(MINE, 42);
      assertThat(store().evictSeen(key, value(42))).isFalse();
      thenIsFilling(42);
    }

    @Test
    void whereNothingIsNothingHappens() {
      assertThat(store().evictSeen(key, value(42))).isFalse();
      thenHoldsNothing();
    }
  }

  @Nested
  class Batches {

    @Test
    void eachEvictionIsAnsweredInOrder() {
      // The batches before may have had any contents.
      for (boolean older : new boolean[] {false, true, true, false, false}) {
        List<String> others = IntStream.range(0, 10).mapToObj(i -> key + "other" + i).toList();
        if (older) {
          others.forEach(each -> given(each, value(1)));
        }
        assertThat(store().evict(others.stream().map(o -> new EvictionRequest(o, 2)).toList()))
            .containsOnly(new Applied<>(older ? Eviction.EVICTED : Eviction.ABSENT));
        String round = key + UUID.randomUUID();
        given(round + "old", value(1));
        given(round + "new", value(5));
        given(round + "long", new Present(1, new byte[1000]));
        given(round + "gone", new Absent(4));
        store().acquire(round + "lease", MINE, LEASE);
        store().acquire(round + "raised", MINE, LEASE);
        store().evict(round + "raised", 3);
        assertThat(
                store()
                    .evict(
                        Stream.of("new", "none", "lease", "raised", "old", "long", "gone")
                            .map(each -> new EvictionRequest(round + each, 3))
                            .toList()))
            .containsExactly(
                new Applied<>(Eviction.ALREADY_FRESH),
                new Applied<>(Eviction.ABSENT),
                new Applied<>(Eviction.FLOOR_RAISED),
                new Applied<>(Eviction.ALREADY_FRESH),
                new Applied<>(Eviction.EVICTED),
                new Applied<>(Eviction.EVICTED),
                new Applied<>(Eviction.ALREADY_FRESH));
      }
      assertThat(store().evict(List.of())).isEmpty();
    }

    @Test
    void eachLeaseIsAnsweredInOrder() {
      given(key + "value", value(1));
      store().acquire(key + "others", OTHERS, LEASE);
      store().evict(key + "others", 3);
      assertThat(store().acquire(List.of(key + "value", key + "free", key + "others"), MINE, LEASE))
          .containsExactly(
              new Applied<>(new AlreadyCached(value(1))),
              new Applied<>(new Acquired()),
              new Applied<>(new BeingFilled(3)));
    }

    @Test
    void eachFillIsAnsweredInOrder() {
      store().acquire(List.of(key + "mine", key + "newer"), MINE, LEASE);
      store().evict(key + "newer", 2);
      assertThat(
              store()
                  .fill(
                      MINE,
                      List.of(
                          new Offer(key + "none", value(1), TTL),
                          new Offer(key + "mine", value(1), TTL),
                          new Offer(key + "newer", value(1), TTL))))
          .containsExactly(
              new Applied<>(new LeaseLost()),
              new Applied<>(new Stored()),
              new Applied<>(new Superseded(2)));
      assertThat(lookups(List.of(key + "none", key + "mine", key + "newer")))
          .containsExactly(new Miss(), new Hit(value(1)), new Miss());
    }

    @Test
    void eachRefreshIsAnsweredInOrder() {
      given(key + "old", value(1));
      given(key + "new", value(5));
      store().acquire(key + "lease", MINE, LEASE);
      assertThat(
              store()
                  .refresh(
                      List.of(
                          new Offer(key + "new", value(3), TTL),
                          new Offer(key + "none", value(3), TTL),
                          new Offer(key + "lease", value(3), TTL),
                          new Offer(key + "old", value(3), TTL))))
          .containsExactly(
              new Applied<>(RefreshResult.ALREADY_FRESH),
              new Applied<>(RefreshResult.ABSENT),
              new Applied<>(RefreshResult.FLOOR_RAISED),
              new Applied<>(RefreshResult.REFRESHED));
      assertThat(lookups(List.of(key + "old"))).containsExactly(new Hit(value(3)));
    }

    @Test
    void aThousandKeysAreAllEvicted() {
      List<String> keys = IntStream.range(0, 1000).mapToObj(i -> key + i).toList();
      keys.forEach(each -> given(each, value(1)));
      assertThat(store().evict(keys.stream().map(each -> new EvictionRequest(each, 2)).toList()))
          .hasSize(1000)
          .containsOnly(new Applied<>(Eviction.EVICTED));
      assertThat(lookups(keys)).hasSize(1000).containsOnly(new Miss());
    }
  }

  @Nested
  class Refreshes {

    @Test
    void anOlderValueIsRenewed_H13() {
      given(value(41));
      assertThat(store().refresh(key, value(42), TTL)).isEqualTo(RefreshResult.REFRESHED);
      thenHolds(value(42));
    }

    @Test
    void aValueBecomesAbsenceAndBack_H10() {
      given(value(41));
      assertThat(store().refresh(key, new Absent(42), TTL)).isEqualTo(RefreshResult.REFRESHED);
      thenHolds(new Absent(42));
      assertThat(store().refresh(key, value(43), TTL)).isEqualTo(RefreshResult.REFRESHED);
      thenHolds(value(43));
    }

    @ParameterizedTest
    @ValueSource(longs = {42, 43, 100})
    void anEqualOrNewerValueStays_H9(long held) {
      given(value(held));
      assertThat(store().refresh(key, new Absent(42), TTL)).isEqualTo(RefreshResult.ALREADY_FRESH);
      thenHolds(value(held));
    }

    @Test
    void itNeverAddsAValue_H20() {
      // R fills v1; W commits v2 and v3; the eviction by v3 deletes the entry; the refresh by v2
      // was slow.
      given(value(1));
      store().evict(key, 3);
      assertThat(store().refresh(key, value(2), TTL)).isEqualTo(RefreshResult.ABSENT);
      thenHoldsNothing();
    }

    @Test
    void itNeverReplacesALease_H20() {
      givenLease(MINE, 0);
      assertThat(store().refresh(key, value(2), TTL)).isEqualTo(RefreshResult.FLOOR_RAISED);
      thenIsFilling(2);
      assertThat(store().fill(key, MINE, value(1), TTL)).isEqualTo(new Superseded(2));
    }

    @Test
    void itNeverLowersTheFloorOfALease() {
      givenLease(MINE, 5);
      assertThat(store().refresh(key, value(2), TTL)).isEqualTo(RefreshResult.ALREADY_FRESH);
      assertThat(store().refresh(key, value(5), TTL)).isEqualTo(RefreshResult.ALREADY_FRESH);
      thenIsFilling(5);
    }

    @Test
    void repeatedItChangesNothing_H6() {
      given(value(1));
      store().refresh(key, value(2), TTL);
      assertThat(store().refresh(key, value(2), TTL)).isEqualTo(RefreshResult.ALREADY_FRESH);
      thenHolds(value(2));
    }

    @Test
    void aRenewedValueExpires() {
      given(value(1));
      store().refresh(key, value(2), SHORT);
      await().until(() -> store().lookup(key).equals(new Miss()));
    }
  }

  @Nested
  class Prolongations {

    @Test
    void aValueOfJustThisVersionLivesOn() {
      givenLease(MINE, 0);
      store().fill(key, MINE, value(42), Duration.ofSeconds(5));
      assertThat(store().prolong(key, 42, TTL)).isTrue();
      assertThat(store().remainingLife(key)).hasValueSatisfying(EntryStoreContract::isAboutTtl);
      thenHolds(value(42));
    }

    @Test
    void absenceLivesOnToo() {
      givenLease(MINE, 0);
      store().fill(key, MINE, new Absent(0), Duration.ofSeconds(5));
      assertThat(store().prolong(key, 0, TTL)).isTrue();
      assertThat(store().remainingLife(key)).hasValueSatisfying(EntryStoreContract::isAboutTtl);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 41, 43, CachedValue.MAX_VERSION})
    void aValueOfAnotherVersionKeepsItsLife(long version) {
      givenLease(MINE, 0);
      store().fill(key, MINE, value(42), Duration.ofSeconds(5));
      assertThat(store().prolong(key, version, TTL)).isFalse();
      assertThat(store().remainingLife(key)).hasValueSatisfying(EntryStoreContract::isShort);
    }

    @Test
    void aLeaseKeepsItsLife_H17() {
      store().acquire(key, MINE, Duration.ofSeconds(5));
      store().evict(key, 42);
      assertThat(store().prolong(key, 42, TTL)).isFalse();
      assertThat(store().remainingLife(key)).hasValueSatisfying(EntryStoreContract::isShort);
      thenIsFilling(42);
    }

    @Test
    void whereNothingIsNothingComes_H20() {
      assertThat(store().prolong(key, 42, TTL)).isFalse();
      thenHoldsNothing();
      assertThat(store().remainingLife(key)).isEmpty();
    }
  }

  private static void isAboutTtl(Duration life) {
    assertThat(life).isBetween(TTL.minusSeconds(20), TTL);
  }

  private static void isShort(Duration life) {
    assertThat(life).isBetween(Duration.ofMillis(1), Duration.ofSeconds(5));
  }

  @Nested
  class Releases {

    @Test
    void myLeaseIsGivenUp() {
      givenLease(MINE, 7);
      assertThat(store().release(key, MINE)).isTrue();
      thenHoldsNothing();
      assertThat(store().fill(key, MINE, value(9), TTL)).isEqualTo(new LeaseLost());
    }

    @Test
    void anothersLeaseStays() {
      givenLease(OTHERS, 7);
      assertThat(store().release(key, MINE)).isFalse();
      thenIsFilling(7);
    }

    @Test
    void aValueStays() {
      given(value(42));
      assertThat(store().release(key, "given")).isFalse();
      thenHolds(value(42));
    }

    @Test
    void whereNothingIsNothingHappens() {
      assertThat(store().release(key, MINE)).isFalse();
      thenHoldsNothing();
    }
  }

  @Nested
  class GreatVersions {

    private static final long MAX = CachedValue.MAX_VERSION;

    @Test
    void neighboursAreToldApart() {
      given(value(MAX - 1));
      assertThat(store().evict(key, MAX - 1)).isEqualTo(Eviction.ALREADY_FRESH);
      assertThat(store().evict(key, MAX)).isEqualTo(Eviction.EVICTED);
      given(value(MAX));
      assertThat(store().evict(key, MAX)).isEqualTo(Eviction.ALREADY_FRESH);
      thenHolds(value(MAX));
    }

    @Test
    void floorsAreKeptToTheLastDigit() {
      givenLease(MINE, MAX - 1);
      thenIsFilling(MAX - 1);
      assertThat(store().evict(key, MAX)).isEqualTo(Eviction.FLOOR_RAISED);
      thenIsFilling(MAX);
      assertThat(store().fill(key, MINE, value(MAX - 1), TTL)).isEqualTo(new Superseded(MAX));
    }

    @Test
    void aFillAndARefreshAtTheTopAreKept() {
      givenLease(MINE, MAX - 1);
      assertThat(store().fill(key, MINE, value(MAX - 1), TTL)).isEqualTo(new Stored());
      assertThat(store().refresh(key, value(MAX), TTL)).isEqualTo(RefreshResult.REFRESHED);
      thenHolds(value(MAX));
    }
  }

  @Nested
  class Payloads {

    @ParameterizedTest
    @ValueSource(
        strings = {
          "",
          "\n",
          "\nV99\nx",
          "L99:token\n",
          "\0\0\0",
          "\u00ff\u00fe\u0080",
          "%s %d %",
          "\r\n$-1\r\n"
        })
    void anyBytesAreKept(String latin1) {
      Present strange = new Present(3, latin1.getBytes(ISO_8859_1));
      given(strange);
      thenHolds(strange);
      assertThat(store().acquire(key, MINE, LEASE)).isEqualTo(new AlreadyCached(strange));
      assertThat(store().evict(key, 3)).isEqualTo(Eviction.ALREADY_FRESH);
      assertThat(store().evict(key, 4)).isEqualTo(Eviction.EVICTED);
    }

    @Test
    void aMegabyteIsKept() {
      byte[] payload = new byte[1 << 20];
      for (int i = 0; i < payload.length; i++) {
        payload[i] = (byte) (i * 31);
      }
      given(new Present(1, payload));
      thenHolds(new Present(1, payload));
      assertThat(store().refresh(key, new Present(2, payload), TTL))
          .isEqualTo(RefreshResult.REFRESHED);
      thenHolds(new Present(2, payload));
    }

    @Test
    void theLargestIsKeptAndALargerOneIsNotStored() {
      given(value(1));
      Present largest = new Present(2, new byte[CachedValue.LARGEST_PAYLOAD]);
      assertThat(store().refresh(key, largest, TTL)).isEqualTo(RefreshResult.REFRESHED);
      thenHolds(largest);
      assertThat(store().acquire(key, MINE, LEASE)).isEqualTo(new AlreadyCached(largest));

      Present larger = new Present(3, new byte[CachedValue.LARGEST_PAYLOAD + 1]);
      assertThat(store().refresh(key, larger, TTL)).isEqualTo(RefreshResult.ABSENT);
      thenHoldsNothing();
      givenLease(MINE, 0);
      assertThat(store().refresh(key, larger, TTL)).isEqualTo(RefreshResult.FLOOR_RAISED);
      thenIsFilling(3);
      assertThat(store().fill(key, MINE, larger, TTL)).isEqualTo(new LeaseLost());
      thenHoldsNothing();
    }

    @Test
    void aKeyMayHoldAnyCharacter() {
      String strange = key + "{x} \n ü 漢 😀 :";
      given(strange, value(1));
      assertThat(store().lookup(strange)).isEqualTo(new Hit(value(1)));
      assertThat(store().evict(List.of(new EvictionRequest(strange, 2))))
          .containsExactly(new Applied<>(Eviction.EVICTED));
    }
  }
}
