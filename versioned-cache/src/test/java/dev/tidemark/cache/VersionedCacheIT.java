package dev.tidemark.cache;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.tidemark.cache.Read.Served;
import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.CachedValue.Absent;
import dev.tidemark.cache.store.CachedValue.Present;
import dev.tidemark.cache.store.Lookup;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/// Reads of a key: hits, misses, leases, required versions, and the gate.
class VersionedCacheIT extends ReadsOnRedis {

  @Test
  void aMissFillsAndTheNextReadHits() {
    assertThat(read()).isEqualTo(new Read(value(1), Served.STORED));
    assertThat(read()).isEqualTo(new Read(value(1), Served.HIT));
    assertThat(sourceReads).hasValue(1);
    assertThat(count("cache.requests", "miss")).isEqualTo(1);
    assertThat(count("cache.requests", "hit")).isEqualTo(1);
    assertThat(count("cache.fills", "stored")).isEqualTo(1);
    assertThat(count("database.reads")).isEqualTo(1);
    assertThat(collectedMetrics())
        .anySatisfy(
            metric -> {
              assertThat(metric.getName()).isEqualTo("cache.lookup");
              assertThat(metric.getUnit()).isEqualTo("s");
              assertThat(metric.getHistogramData().getPoints())
                  .singleElement()
                  .satisfies(
                      point -> {
                        assertThat(point.getCount()).isEqualTo(2);
                        assertThat(point.getMax()).isBetween(0.0, 60.0);
                      });
            });
  }

  @Test
  void anUnknownIdIsCachedAsAbsentUntilItIsCreated_H11() {
    Source empty = () -> new Absent(0);
    assertThat(cache.read(key, ReadOption.eventual(), empty).served()).isEqualTo(Served.STORED);
    assertThat(cache.read(key, ReadOption.eventual(), empty))
        .isEqualTo(new Read(new Absent(0), Served.HIT));
    assertThat(count("cache.requests", "negative")).isEqualTo(1);

    store.evict(key, 1);
    assertThat(read().value()).isEqualTo(value(1));
  }

  @Test
  void aDeletedIdIsCachedUnderItsVersion() {
    Source deleted = () -> new Absent(7);
    cache.read(key, ReadOption.eventual(), deleted);
    assertThat(store.lookup(key)).isEqualTo(new Lookup.Hit(new Absent(7)));
  }

  @Test
  void livesAreJitteredAndNeverLongerThanTheTtl() {
    VersionedCache shortLived = cache(SETTINGS.withTtl(Duration.ofSeconds(100)));
    List<Long> lives = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      shortLived.read(key + i, ReadOption.eventual(), source);
      lives.add(connection.client().pttl(key + i));
    }
    assertThat(lives).allSatisfy(life -> assertThat(life).isBetween(84_000L, 100_000L));
    assertThat(lives.stream().distinct().count()).isGreaterThan(10);
  }

  /// A slow reader has read version 1; version 2 is committed and evicted for; a reader that begins
  /// after that must not be served by the slow reader's flight.
  @Test
  void whoBeginsAfterAnEvictionIsNotServedByASlowReadFromBefore_H1() throws Exception {
    CountDownLatch hasRead = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    Source slow =
        () -> {
          CachedValue old = value(1);
          hasRead.countDown();
          goOn.await();
          return old;
        };
    Future<Read> before = readers.submit(() -> cache.read(key, ReadOption.eventual(), slow));
    hasRead.await();
    committed.set(2);
    store.evict(key, 2);

    Future<Read> after = readers.submit(this::read);
    await().during(SLOW).until(() -> !after.isDone() || after.get().value().version() == 2);
    goOn.countDown();

    assertThat(before.get().value()).isEqualTo(value(1));
    assertThat(after.get().value()).isEqualTo(value(2));
  }

  @Test
  void aHundredReadersOfAColdKeyReadTheSourceOnce() throws Exception {
    List<Read> reads = readTogether(100, List.of(cache), slow(source));
    assertThat(sourceReads).hasValue(1);
    assertThat(reads).hasSize(100).extracting(Read::value).containsOnly(value(1));
    assertThat(reads).extracting(Read::served).containsOnlyOnce(Served.STORED);
  }

  @Test
  void twoProcessesReadTheSourceOnce() throws Exception {
    VersionedCache other =
        new VersionedCache(otherConnection.entries(), SETTINGS, meters.get("other"));
    List<Read> reads = readTogether(100, List.of(cache, other), slow(source));
    assertThat(sourceReads).hasValue(1);
    assertThat(reads).hasSize(100).extracting(Read::value).containsOnly(value(1));
  }

  @Test
  void whoWaitedTooLongForAnotherProcessReadsTheSourceWithoutFilling_H17() {
    store.acquire(key, "dead", Duration.ofSeconds(30));
    VersionedCache impatient =
        cache(SETTINGS.withLease(Duration.ofSeconds(2), Duration.ofMillis(50)));

    Read read = impatient.read(key, ReadOption.eventual(), source);

    assertThat(read).isEqualTo(new Read(value(1), Served.NOT_STORED));
    assertThat(store.lookup(key)).isEqualTo(new Lookup.Filling(0));
    assertThat(count("cache.lease.waits")).isEqualTo(1);
  }

  @Test
  void whenALeaseHolderDiedAWaiterTakesOverAfterTheLease_H17() {
    store.acquire(key, "dead", Duration.ofMillis(100));
    assertThat(read()).isEqualTo(new Read(value(1), Served.STORED));
  }

  @Test
  void aReaderThatWaitedIsServedFromTheCache() throws Exception {
    store.acquire(key, "other", Duration.ofSeconds(5));
    Future<Read> waiting = readers.submit(this::read);
    await().until(() -> count("cache.lease.waits") == 1);
    store.fill(key, "other", value(1), Duration.ofMinutes(1));
    assertThat(waiting.get()).isEqualTo(new Read(value(1), Served.HIT));
    assertThat(sourceReads).hasValue(0);
  }

  @Test
  void whoIsInterruptedWhileWaitingForAnotherProcessStaysInterrupted() {
    store.acquire(key, "other", Duration.ofSeconds(5));
    Thread.currentThread().interrupt();
    assertThatThrownBy(this::read)
        .isInstanceOf(SourceException.class)
        .hasCauseInstanceOf(InterruptedException.class);
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void aFillThatAnEvictionOvertookIsNotStored_H1() {
    Read read =
        cache.read(
            key,
            ReadOption.eventual(),
            () -> {
              CachedValue old = value(1);
              store.evict(key, 2);
              return old;
            });
    assertThat(read).isEqualTo(new Read(value(1), Served.NOT_STORED));
    assertThat(store.lookup(key)).isEqualTo(new Lookup.Miss());
    assertThat(count("cache.fills", "superseded")).isEqualTo(1);
  }

  @Test
  void aFillWhoseLeaseWasLostIsNotStored_H2_H3() {
    Read read =
        cache.read(
            key,
            ReadOption.eventual(),
            () -> {
              store.evictByForce(key);
              return value(1);
            });
    assertThat(read.served()).isEqualTo(Served.NOT_STORED);
    assertThat(store.lookup(key)).isEqualTo(new Lookup.Miss());
    assertThat(count("cache.fills", "lease_lost")).isEqualTo(1);
  }

  @Test
  void withAVersionAnOlderEntryIsNotServedAndIsReplaced_H13() {
    read();
    committed.set(2);
    assertThat(cache.read(key, ReadOption.atLeast(2), source))
        .isEqualTo(new Read(value(2), Served.STORED));
    assertThat(cache.read(key, ReadOption.atLeast(2), source))
        .isEqualTo(new Read(value(2), Served.HIT));
    assertThat(read()).isEqualTo(new Read(value(2), Served.HIT));
  }

  @Test
  void withAVersionWhatAnotherProcessFilledMeanwhileIsNotServedIfOlder_H13() throws Exception {
    store.acquire(key, "other", Duration.ofSeconds(5));
    committed.set(2);
    Future<Read> waiting = readers.submit(() -> cache.read(key, ReadOption.atLeast(2), source));
    await().until(() -> count("cache.lease.waits") == 1);
    store.fill(key, "other", value(1), Duration.ofMinutes(1));
    assertThat(waiting.get()).isEqualTo(new Read(value(2), Served.STORED));
  }

  @Test
  void withAVersionWhatAnotherProcessFilledAtJustThatVersionIsServed_H13() throws Exception {
    store.acquire(key, "other", Duration.ofSeconds(5));
    Future<Read> waiting = readers.submit(() -> cache.read(key, ReadOption.atLeast(2), source));
    await().until(() -> count("cache.lease.waits") == 1);
    store.fill(key, "other", value(2), Duration.ofMinutes(1));
    assertThat(waiting.get()).isEqualTo(new Read(value(2), Served.HIT));
    assertThat(sourceReads).hasValue(0);
  }

  @Test
  void aVersionThatWasNeverCommittedEvictsNothingThatIsTheSources_H52() {
    read();
    committed.set(2);
    Read first = cache.read(key, ReadOption.atLeast(CachedValue.MAX_VERSION), source);
    assertThat(first).isEqualTo(new Read(value(2), Served.STORED));
    Read again = cache.read(key, ReadOption.atLeast(CachedValue.MAX_VERSION), source);
    assertThat(again).isEqualTo(new Read(value(2), Served.NOT_STORED));
    assertThat(store.lookup(key)).isEqualTo(new Lookup.Hit(value(2)));
    assertThat(count("cache.fills")).isEqualTo(1);
  }

  private static final Present FROM_NOWHERE = new Present(99_999, "{}".getBytes(UTF_8));

  private void givenAVersionFromNowhere() {
    store.acquire(key, "nobody", Duration.ofSeconds(5));
    store.fill(key, "nobody", FROM_NOWHERE, Duration.ofMinutes(5));
    assertThat(read()).isEqualTo(new Read(FROM_NOWHERE, Served.HIT));
  }

  @Test
  void aStrongReadRemovesAVersionThatTheSourceHasNotReached_H8() {
    givenAVersionFromNowhere();
    assertThat(cache.read(key, ReadOption.strong(), source).value()).isEqualTo(value(1));
    assertThat(store.lookup(key)).isEqualTo(new Lookup.Miss());
    assertThat(read()).isEqualTo(new Read(value(1), Served.STORED));
    assertThat(count("cache.refreshes", "removed")).isEqualTo(1);
  }

  @Test
  void aStrongReadRemovesAnotherStateOfTheSameVersion_H7() {
    committed.set(FROM_NOWHERE.version());
    givenAVersionFromNowhere();
    cache.read(key, ReadOption.strong(), source);
    assertThat(read()).isEqualTo(new Read(value(FROM_NOWHERE.version()), Served.STORED));
  }

  @Test
  void aDemandThatFindsTheSourceOlderThanTheEntryRemovesIt_H8() {
    givenAVersionFromNowhere();
    assertThat(cache.read(key, ReadOption.atLeast(100_000), source).value()).isEqualTo(value(1));
    assertThat(store.lookup(key)).isEqualTo(new Lookup.Miss());
  }

  @Test
  void aVersionFromNowhereThatAnotherProcessFilledMeanwhileIsRemovedToo_H8() throws Exception {
    store.acquire(key, "other", Duration.ofSeconds(5));
    Future<Read> waiting =
        readers.submit(() -> cache.read(key, ReadOption.atLeast(100_000), source));
    await().until(() -> count("cache.lease.waits") == 1);
    store.fill(key, "other", FROM_NOWHERE, Duration.ofMinutes(1));
    assertThat(waiting.get().value()).isEqualTo(value(1));
    assertThat(store.lookup(key)).isEqualTo(new Lookup.Miss());
  }

  /// A newer version is committed and stored while a strong read is at the source.
  @Test
  void whatWasStoredWhileTheSourceWasReadStays() {
    read();
    Source overtaken =
        () -> {
          CachedValue old = value(1);
          store.refresh(key, value(2), Duration.ofMinutes(1));
          return old;
        };
    assertThat(cache.read(key, ReadOption.strong(), overtaken).value()).isEqualTo(value(1));
    assertThat(store.lookup(key)).isEqualTo(new Lookup.Hit(value(2)));
  }

  @Test
  void withAVersionAnOlderSharedReadIsNotServed_H13() throws Exception {
    CountDownLatch oldIsRead = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    Future<Read> early =
        readers.submit(
            () ->
                cache.read(
                    key,
                    ReadOption.eventual(),
                    () -> {
                      oldIsRead.countDown();
                      goOn.await();
                      return value(1);
                    }));
    oldIsRead.await();
    committed.set(2);
    Future<Read> demanding = readers.submit(() -> cache.read(key, ReadOption.atLeast(2), source));
    await().pollDelay(Duration.ofMillis(50)).until(() -> !demanding.isDone());
    goOn.countDown();
    assertThat(early.get().value()).isEqualTo(value(1));
    assertThat(demanding.get().value()).isEqualTo(value(2));
  }

  @Test
  void aStrongReadComesFromTheSourceAndRefreshesTheCache() {
    read();
    committed.set(2);
    assertThat(cache.read(key, ReadOption.strong(), source))
        .isEqualTo(new Read(value(2), Served.BYPASSED));
    assertThat(read()).isEqualTo(new Read(value(2), Served.HIT));
    assertThat(count("cache.requests", "bypass")).isEqualTo(1);
    assertThat(count("cache.refreshes", "refreshed")).isEqualTo(1);
  }

  @Test
  void theFastLaneRenewsALiveValueAndAddsNone_H20() {
    cache.refresh(key, value(2));
    assertThat(store.lookup(key)).isEqualTo(new Lookup.Miss());
    read();
    cache.refresh(key, value(3));
    assertThat(read()).isEqualTo(new Read(value(3), Served.HIT));
  }

  @Test
  void beyondTheGateReadsAreShed() throws Exception {
    VersionedCache narrow = cache(SETTINGS.withDatabaseReads(1, Duration.ofMillis(30)));
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    Future<Read> first =
        readers.submit(
            () ->
                narrow.read(
                    key,
                    ReadOption.eventual(),
                    () -> {
                      inside.countDown();
                      goOn.await();
                      return value(1);
                    }));
    inside.await();

    assertThatThrownBy(() -> narrow.read(key + "2", ReadOption.eventual(), source))
        .isInstanceOf(DatabaseBusyException.class);
    assertThatThrownBy(() -> narrow.read(key + "3", ReadOption.strong(), source))
        .isInstanceOf(DatabaseBusyException.class);

    goOn.countDown();
    first.get();
    assertThat(narrow.read(key + "3", ReadOption.strong(), source).value()).isEqualTo(value(1));
    assertThat(sourceReads).hasValue(1);
  }

  @Test
  void whenTheSourceFailsEachReaderIsToldAndTheNextReadTriesAgain() {
    Source broken =
        () -> {
          throw new SQLException("no database");
        };
    assertThatThrownBy(() -> cache.read(key, ReadOption.eventual(), broken))
        .isInstanceOf(SourceException.class)
        .hasCauseInstanceOf(SQLException.class);
    assertThat(count("cache.requests", "error")).isEqualTo(1);
    assertThatThrownBy(() -> readTogether(20, List.of(cache), slow(broken)))
        .hasRootCauseInstanceOf(SQLException.class);
    assertThat(read().value()).isEqualTo(value(1));
  }
}
