package dev.tidemark.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class CacheSettingsTest {

  private static final CacheSettings DEFAULTS = CacheSettings.defaults();
  private static final Duration TOO_SHORT = Duration.ofNanos(999_999);
  private static final Duration LEAST = Duration.ofMillis(1);

  private static void refused(String name, ThrowingCallable settings) {
    assertThatIllegalArgumentException().isThrownBy(settings).withMessageContaining(name);
  }

  @Test
  void timesShorterThanRedisCountsAreRefusedByName() {
    refused("ttl", () -> DEFAULTS.withTtl(TOO_SHORT));
    refused("negativeTtl", () -> withNegativeTtl(TOO_SHORT));
    refused("leaseTtl", () -> DEFAULTS.withLease(TOO_SHORT, LEAST));
    refused("leaseWait", () -> DEFAULTS.withLease(LEAST, TOO_SHORT));
    refused("databaseWait", () -> DEFAULTS.withDatabaseReads(1, TOO_SHORT));
    refused("distrust", () -> DEFAULTS.withDistrust(Duration.ofNanos(-1)));
  }

  @Test
  void theLeastTimesAreAllowed() {
    CacheSettings least =
        withNegativeTtl(LEAST)
            .withTtl(LEAST)
            .withLease(LEAST, LEAST)
            .withDatabaseReads(1, LEAST)
            .withDistrust(Duration.ZERO);
    assertThat(least.ttl()).isEqualTo(LEAST);
    assertThat(least.distrust()).isZero();
  }

  private static CacheSettings withNegativeTtl(Duration negativeTtl) {
    return new CacheSettings(
        DEFAULTS.ttl(),
        negativeTtl,
        DEFAULTS.leaseTtl(),
        DEFAULTS.leaseWait(),
        DEFAULTS.databaseReads(),
        DEFAULTS.databaseWait(),
        DEFAULTS.earlyRefresh(),
        DEFAULTS.distrust(),
        DEFAULTS.nearCache());
  }

  @Test
  void withoutAnyReadOfTheDatabaseThereIsNoCache() {
    refused("databaseReads 0", () -> DEFAULTS.withDatabaseReads(0, LEAST));
  }

  @Test
  void earlyRefreshIsAtMostAFifth() {
    refused("earlyRefresh", () -> DEFAULTS.withEarlyRefresh(-0.001));
    refused("earlyRefresh", () -> DEFAULTS.withEarlyRefresh(0.201));
    refused("earlyRefresh", () -> DEFAULTS.withEarlyRefresh(Double.NaN));
    assertThat(DEFAULTS.withEarlyRefresh(0).earlyRefresh()).isZero();
    assertThat(DEFAULTS.withEarlyRefresh(0.2).earlyRefresh()).isEqualTo(0.2);
  }

  @Test
  void absenceNeverOutlivesValues() {
    Duration negativeTtl = DEFAULTS.negativeTtl();
    assertThat(DEFAULTS.withTtl(negativeTtl.dividedBy(2)).negativeTtl())
        .isEqualTo(negativeTtl.dividedBy(2));
    assertThat(DEFAULTS.withTtl(negativeTtl.multipliedBy(2)).negativeTtl()).isEqualTo(negativeTtl);
  }

  @Test
  void theNearCacheIsOffUnlessItHasEntries() {
    assertThat(DEFAULTS.nearCache().isOn()).isFalse();
    assertThat(NearCacheSettings.off().isOn()).isFalse();
    assertThat(NearCacheSettings.of(1).isOn()).isTrue();
    refused("entries -1", () -> NearCacheSettings.of(-1));
  }

  @Test
  void timesOfTheNearCacheAreAtLeastAMillisecond() {
    refused("shorter", () -> new NearCacheSettings(1, TOO_SHORT, LEAST));
    refused("shorter", () -> new NearCacheSettings(1, LEAST, TOO_SHORT));
    assertThat(new NearCacheSettings(1, LEAST, LEAST).ttl()).isEqualTo(LEAST);
  }
}
