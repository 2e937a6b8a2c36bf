package dev.tidemark.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.cache.Read.Served;
import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.CachedValue.Absent;
import dev.tidemark.cache.store.Lookup;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// Renewal of popular entries before they expire.
class EarlyRefreshIT extends ReadsOnRedis {

  private static final Duration SOON = Duration.ofSeconds(20);
  private static final Duration TTL = Duration.ofSeconds(2);

  /// Cache that renews a fifth of the TTL early on average.
  private final VersionedCache eager = cache(SETTINGS.withTtl(TTL).withEarlyRefresh(0.2));

  private Read readEagerly() {
    return eager.read(key, ReadOption.eventual(), source);
  }

  @Test
  void aPopularEntryNeverExpiresAndNoReaderMissesIt() {
    readEagerly();
    await()
        .pollInterval(Duration.ofMillis(1))
        .atMost(SOON)
        .until(
            () -> {
              assertThat(readEagerly()).isEqualTo(new Read(value(1), Served.HIT));
              return count("cache.early.refreshes", "prolonged") >= 3;
            });
    assertThat(sourceReads.get()).isBetween(4, 10);
  }

  @Test
  void knownAbsenceIsRenewedToo_H11() {
    Source empty = () -> new Absent(0);
    eager.read(key, ReadOption.eventual(), empty);
    await()
        .pollInterval(Duration.ofMillis(1))
        .atMost(SOON)
        .until(
            () -> {
              assertThat(eager.read(key, ReadOption.eventual(), empty).served())
                  .isEqualTo(Served.HIT);
              return count("cache.early.refreshes", "prolonged") >= 1;
            });
  }

  @Test
  void aChangeThatNobodyToldOfIsFoundByTheRenewal() {
    readEagerly();
    committed.set(2);
    await()
        .pollInterval(Duration.ofMillis(1))
        .atMost(SOON)
        .until(() -> readEagerly().equals(new Read(value(2), Served.HIT)));
    // The count follows a moment after the value can be read.
    await().atMost(SOON).until(() -> count("cache.refreshes", "refreshed") >= 1);
  }

  @Test
  void aVersionThatTheSourceHasNotReachedIsRemovedByTheRenewal_H8() {
    committed.set(99_999);
    readEagerly();
    committed.set(1);
    // The entry never expires: only the renewal can remove it.
    connection.client().persist(key);
    await()
        .pollInterval(Duration.ofMillis(1))
        .atMost(SOON)
        .until(() -> readEagerly().value().equals(value(1)));
    // The count follows a moment after the value can be read.
    await().atMost(SOON).until(() -> count("cache.refreshes", "removed") == 1);
  }

  @Test
  void aValueThatLostItsEndGetsOne() {
    readEagerly();
    connection.client().persist(key);
    await()
        .pollInterval(Duration.ofMillis(1))
        .atMost(SOON)
        .until(
            () -> {
              readEagerly();
              return connection.client().pttl(key) > 0;
            });
  }

  @Test
  void aLateRenewalNeitherAddsNorProlongsWhatWasEvictedMeanwhile_H20() throws Exception {
    AtomicInteger reads = new AtomicInteger();
    CountDownLatch renewing = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    Source slowTheSecondTime =
        () -> {
          CachedValue old = value(1);
          if (reads.incrementAndGet() > 1) {
            renewing.countDown();
            goOn.await();
          }
          return old;
        };
    eager.read(key, ReadOption.eventual(), slowTheSecondTime);
    await()
        .pollInterval(Duration.ofMillis(1))
        .atMost(SOON)
        .until(
            () -> {
              eager.read(key, ReadOption.eventual(), slowTheSecondTime);
              return renewing.getCount() == 0;
            });
    store.evict(key, 2);
    goOn.countDown();
    await().atMost(SOON).until(() -> count("cache.early.refreshes", "absent") == 1);
    assertThat(store.lookup(key)).isEqualTo(new Lookup.Miss());
  }

  @Test
  void whatAnotherProcessHasRenewedIsLeftAlone() {
    // It is so late that it does not renew before the other process does.
    VersionedCache late = cache(SETTINGS.withTtl(TTL).withEarlyRefresh(0.01));
    late.read(key, ReadOption.eventual(), source);
    long asked = livesAskedFor();
    await()
        .pollInterval(Duration.ofMillis(1))
        .atMost(SOON)
        .until(
            () -> {
              late.read(key, ReadOption.eventual(), source);
              return livesAskedFor() > asked;
            });
    store.prolong(key, 1, TTL.multipliedBy(5));
    long twoLives = System.nanoTime() + TTL.multipliedBy(2).toNanos();
    await()
        .pollInterval(Duration.ofMillis(1))
        .atMost(SOON)
        .until(
            () -> {
              late.read(key, ReadOption.eventual(), source);
              return System.nanoTime() > twoLives;
            });
    assertThat(sourceReads).hasValue(1);
    assertThat(livesAskedFor()).isGreaterThan(asked + 1);
  }

  private static long livesAskedFor() {
    return Pattern.compile("cmdstat_pttl:calls=(\\d+)")
        .matcher(connection.client().info("commandstats"))
        .results()
        .mapToLong(calls -> Long.parseLong(calls.group(1)))
        .sum();
  }

  @Test
  void aRenewalThatFailedIsTriedAgainInTime() {
    AtomicInteger reads = new AtomicInteger();
    Source failsTheSecondTime =
        () -> {
          if (reads.incrementAndGet() == 2) {
            throw new SQLException("no database");
          }
          return value(1);
        };
    eager.read(key, ReadOption.eventual(), failsTheSecondTime);
    await()
        .pollInterval(Duration.ofMillis(1))
        .atMost(SOON)
        .until(
            () -> {
              assertThat(eager.read(key, ReadOption.eventual(), failsTheSecondTime).served())
                  .isEqualTo(Served.HIT);
              return count("cache.early.refreshes", "prolonged") >= 1;
            });
    assertThat(reads.get()).isGreaterThanOrEqualTo(3);
  }

  @Test
  void whereItIsOffAnEntryExpires() {
    VersionedCache cache = cache(SETTINGS.withTtl(Duration.ofMillis(300)));
    cache.read(key, ReadOption.eventual(), source);
    await()
        .pollInterval(Duration.ofMillis(1))
        .atMost(SOON)
        .until(() -> cache.read(key, ReadOption.eventual(), source).served() == Served.STORED);
    assertThat(count("cache.early.refreshes")).isZero();
  }
}
