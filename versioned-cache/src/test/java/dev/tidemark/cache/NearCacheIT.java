package dev.tidemark.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.cache.Read.Served;
import dev.tidemark.cache.store.Lookup;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Reads with a near cache.
class NearCacheIT extends ReadsOnRedis {

  private final VersionedCache reader =
      cache(
          SETTINGS.withNearCache(
              new NearCacheSettings(100, Duration.ofMinutes(1), Duration.ofMinutes(1))));

  private Read readNear() {
    return reader.read(key, ReadOption.eventual(), source);
  }

  @BeforeEach
  void fed() {
    reader.invalidations().alive();
  }

  @Test
  void whatWasStoredIsServedFromTheProcessWithoutRedis() {
    assertThat(readNear().served()).isEqualTo(Served.STORED);
    store.evictByForce(key);
    assertThat(readNear()).isEqualTo(new Read(value(1), Served.NEAR_HIT));
    assertThat(reader.readAll(List.of(key), ReadOption.eventual(), keys -> Map.of()))
        .containsExactly(Map.entry(key, new Read(value(1), Served.NEAR_HIT)));
    assertThat(count("cache.requests", "near_hit")).isEqualTo(2);
  }

  @Test
  void offByDefault() {
    cache.invalidations().alive();
    read();
    assertThat(read().served()).isEqualTo(Served.HIT);
    assertThat(read().served()).isEqualTo(Served.HIT);
  }

  @Test
  void withoutAFeedEachReadGoesToRedis() {
    reader.invalidations().lost();
    readNear();
    assertThat(readNear().served()).isEqualTo(Served.HIT);
    assertThat(readNear().served()).isEqualTo(Served.HIT);
  }

  @Test
  void afterAnEventTheOldEntryOfTheStoreIsEvictedToo() {
    readNear();
    committed.set(2);
    reader.invalidations().changed(key, 2);
    assertThat(readNear()).isEqualTo(new Read(value(2), Served.STORED));
    assertThat(store.lookup(key)).isEqualTo(new Lookup.Hit(value(2)));
  }

  @Test
  void afterItsOwnWriteTheProcessDoesNotReadOlder_H13() {
    readNear();
    committed.set(2);
    reader.refresh(key, value(2));
    assertThat(readNear()).isEqualTo(new Read(value(2), Served.HIT));
    assertThat(readNear()).isEqualTo(new Read(value(2), Served.NEAR_HIT));
  }

  @Test
  void withAVersionAnOlderNearValueIsNotServed_H13() {
    readNear();
    committed.set(2);
    assertThat(reader.read(key, ReadOption.atLeast(2), source))
        .isEqualTo(new Read(value(2), Served.STORED));
    assertThat(readNear()).isEqualTo(new Read(value(2), Served.NEAR_HIT));
  }

  @Test
  void withJustItsVersionANearValueIsServed() {
    readNear();
    assertThat(reader.read(key, ReadOption.atLeast(1), source))
        .isEqualTo(new Read(value(1), Served.NEAR_HIT));
  }

  @Test
  void aStrongReadOfManyPassesItByAndOutdatesIt() {
    readNear();
    store.evictByForce(key);
    reader.readAll(List.of(key), ReadOption.strong(), keys -> Map.of(key, value(2)));
    committed.set(2);
    assertThat(readNear()).isEqualTo(new Read(value(2), Served.STORED));
  }

  @Test
  void aStrongReadPassesItByAndOutdatesIt() {
    readNear();
    committed.set(2);
    assertThat(reader.read(key, ReadOption.strong(), source).value()).isEqualTo(value(2));
    assertThat(readNear().value()).isEqualTo(value(2));
  }

  @Test
  void aValueReadWhileItsEvictionCameIsNotKept_H1() {
    reader.read(
        key,
        ReadOption.eventual(),
        () -> {
          reader.invalidations().changed(key, 2);
          return value(1);
        });
    store.evict(key, 2);
    committed.set(2);
    assertThat(readNear().value()).isEqualTo(value(2));
  }
}
