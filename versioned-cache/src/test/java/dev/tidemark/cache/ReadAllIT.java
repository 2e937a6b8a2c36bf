package dev.tidemark.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.tidemark.cache.Read.Served;
import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.CachedValue.Absent;
import dev.tidemark.cache.store.EntryStoreContract;
import dev.tidemark.cache.store.Lookup;
import dev.tidemark.cache.store.Offer;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;

/// Reads of many keys at once.
class ReadAllIT extends ReadsOnRedis {

  private final List<String> keys = IntStream.range(0, 100).mapToObj(i -> key + ":" + i).toList();
  private final List<Set<String>> asked = new CopyOnWriteArrayList<>();
  private final BulkSource all =
      missing -> {
        asked.add(missing);
        Map<String, CachedValue> values = new HashMap<>();
        missing.forEach(each -> values.put(each, value(committed.get())));
        return values;
      };

  @Test
  void missesAreReadFromTheSourceInOneGoAndHitsNotAtAll() {
    Map<String, Read> first = cache.readAll(keys.subList(0, 60), ReadOption.eventual(), all);
    assertThat(first.values()).containsOnly(new Read(value(1), Served.STORED));

    Map<String, Read> second = cache.readAll(keys, ReadOption.eventual(), all);

    assertThat(second.keySet()).containsExactlyElementsOf(keys);
    assertThat(second.values().stream().map(Read::served).toList())
        .startsWith(Served.HIT)
        .endsWith(Served.STORED);
    assertThat(asked)
        .containsExactly(Set.copyOf(keys.subList(0, 60)), Set.copyOf(keys.subList(60, 100)));
    assertThat(count("cache.requests", "hit")).isEqualTo(60);
    assertThat(count("cache.requests", "miss")).isEqualTo(100);
    assertThat(count("database.reads")).isEqualTo(2);
  }

  @Test
  void hitsTakeOneRoundTrip() {
    cache.readAll(keys, ReadOption.eventual(), all);
    long readsBefore = reads();
    cache.readAll(keys, ReadOption.eventual(), all);
    // Redis reads what one client has sent at once with one or two system calls.
    assertThat(reads() - readsBefore).isLessThan(10);
  }

  @Test
  void aKeyThatTheSourceDoesNotHaveIsCachedAsAbsent_H11() {
    Map<String, Read> reads =
        cache.readAll(List.of(key), ReadOption.eventual(), missing -> Map.of());
    assertThat(reads).containsExactly(Map.entry(key, new Read(new Absent(0), Served.STORED)));
    assertThat(store.lookup(key)).isEqualTo(new Lookup.Hit(new Absent(0)));
  }

  @Test
  void noKeysAreNoWorkAndKeysNamedTwiceAreReadOnce() {
    assertThat(cache.readAll(List.of(), ReadOption.eventual(), all)).isEmpty();
    assertThat(cache.readAll(List.of(key, key), ReadOption.eventual(), all)).hasSize(1);
    assertThat(asked).containsExactly(Set.of(key));
  }

  @Test
  void withAVersionOlderEntriesAreReplacedAndNewerOnesServed_H13() {
    cache.readAll(keys.subList(0, 2), ReadOption.eventual(), all);
    cache.refresh(keys.get(1), value(2));
    committed.set(2);

    Map<String, Read> reads = cache.readAll(keys.subList(0, 3), ReadOption.atLeast(2), all);

    assertThat(reads.get(keys.get(0))).isEqualTo(new Read(value(2), Served.STORED));
    assertThat(reads.get(keys.get(1))).isEqualTo(new Read(value(2), Served.HIT));
    assertThat(reads.get(keys.get(2))).isEqualTo(new Read(value(2), Served.STORED));
    assertThat(store.lookup(keys.get(0))).isEqualTo(new Lookup.Hit(value(2)));
  }

  @Test
  void withAVersionWhatAnotherProcessFilledMeanwhileIsNotServedIfOlder_H13() throws Exception {
    store.acquire(keys.get(1), "other", Duration.ofSeconds(5));
    committed.set(2);
    Future<Map<String, Read>> waiting =
        readers.submit(() -> cache.readAll(keys.subList(0, 2), ReadOption.atLeast(2), all));
    await().until(() -> count("cache.lease.waits") == 1);
    store.fill(keys.get(1), "other", value(1), Duration.ofMinutes(1));
    assertThat(waiting.get().get(keys.get(1))).isEqualTo(new Read(value(2), Served.STORED));
  }

  @Test
  void strongReadsComeFromTheSourceAndRefreshTheCache() {
    cache.readAll(keys, ReadOption.eventual(), all);
    committed.set(2);
    assertThat(cache.readAll(keys, ReadOption.strong(), all).values())
        .containsOnly(new Read(value(2), Served.BYPASSED));
    assertThat(cache.readAll(keys, ReadOption.eventual(), all).values())
        .containsOnly(new Read(value(2), Served.HIT));
    assertThat(count("cache.refreshes", "refreshed")).isEqualTo(100);
  }

  @Test
  void versionsThatTheSourceHasNotReachedAreRemovedByStrongReadsAndByDemands_H8() {
    for (ReadOption option : List.of(ReadOption.strong(), ReadOption.atLeast(100_000))) {
      store.acquire(keys.subList(0, 3), "nobody", Duration.ofSeconds(5));
      store.fill(
          "nobody",
          List.of(
              new Offer(keys.get(0), value(99_999), Duration.ofMinutes(5)),
              new Offer(keys.get(1), value(1), Duration.ofMinutes(5)),
              new Offer(keys.get(2), new CachedValue.Absent(99_999), Duration.ofMinutes(5))));
      assertThat(cache.readAll(keys.subList(0, 3), option, all).values())
          .extracting(Read::value)
          .containsOnly(value(1));
      assertThat(EntryStoreContract.lookups(store, keys.subList(0, 3)))
          .containsExactly(new Lookup.Miss(), new Lookup.Hit(value(1)), new Lookup.Miss());
      keys.forEach(store::evictByForce);
    }
  }

  @Test
  void demandsBeyondTheSourceEvictNothingThatIsTheSources_H52() {
    cache.readAll(keys, ReadOption.eventual(), all);
    assertThat(cache.readAll(keys, ReadOption.atLeast(7), all).values())
        .containsOnly(new Read(value(1), Served.NOT_STORED));
    assertThat(cache.readAll(keys, ReadOption.eventual(), all).values())
        .containsOnly(new Read(value(1), Served.HIT));
  }

  @Test
  void anEvictionDuringTheReadOfTheSourceRefusesThatFillOnly_H1() {
    Map<String, Read> reads =
        cache.readAll(
            keys.subList(0, 3),
            ReadOption.eventual(),
            missing -> {
              Map<String, CachedValue> old = all.read(missing);
              store.evict(keys.get(1), 2);
              return old;
            });
    assertThat(reads.get(keys.get(0)).served()).isEqualTo(Served.STORED);
    assertThat(reads.get(keys.get(1)).served()).isEqualTo(Served.NOT_STORED);
    assertThat(reads.get(keys.get(2)).served()).isEqualTo(Served.STORED);
    assertThat(store.lookup(keys.get(1))).isEqualTo(new Lookup.Miss());
  }

  @Test
  void forKeysThatOthersFillItWaitsAndIsServedFromTheCache() throws Exception {
    store.acquire(keys.get(1), "other", Duration.ofSeconds(5));
    Future<Map<String, Read>> waiting =
        readers.submit(() -> cache.readAll(keys.subList(0, 2), ReadOption.eventual(), all));
    await().until(() -> count("cache.lease.waits") == 1);
    store.fill(keys.get(1), "other", value(1), Duration.ofMinutes(1));
    assertThat(waiting.get().get(keys.get(1))).isEqualTo(new Read(value(1), Served.HIT));
    assertThat(asked).containsExactly(Set.of(keys.get(0)));
  }

  @Test
  void forKeysWhoseFillerIsDeadItReadsTheSourceAfterAWhileWithoutFilling_H17() {
    store.acquire(keys.get(1), "dead", Duration.ofSeconds(30));
    VersionedCache impatient =
        cache(SETTINGS.withLease(Duration.ofSeconds(2), Duration.ofMillis(50)));
    Map<String, Read> reads = impatient.readAll(keys.subList(0, 2), ReadOption.eventual(), all);
    assertThat(reads.get(keys.get(0))).isEqualTo(new Read(value(1), Served.STORED));
    assertThat(reads.get(keys.get(1))).isEqualTo(new Read(value(1), Served.NOT_STORED));
  }

  @Test
  void whenTheSourceFailsTheLeasesAreGivenUp_H17() {
    assertThatThrownBy(
            () ->
                cache.readAll(
                    keys,
                    ReadOption.eventual(),
                    missing -> {
                      throw new SQLException("no database");
                    }))
        .isInstanceOf(SourceException.class);
    assertThat(EntryStoreContract.lookups(store, keys)).containsOnly(new Lookup.Miss());
    assertThat(count("cache.requests", "error")).isEqualTo(keys.size());
  }

  @Test
  void manyReadersOfTheSameColdKeysReadTheSourceOncePerKey() throws Exception {
    List<Future<Map<String, Read>>> reading = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      reading.add(
          readers.submit(
              () ->
                  cache.readAll(
                      keys,
                      ReadOption.eventual(),
                      missing -> {
                        return all.read(missing);
                      })));
    }
    for (Future<Map<String, Read>> each : reading) {
      assertThat(each.get().values()).extracting(Read::value).containsOnly(value(1));
    }
    assertThat(asked.stream().mapToInt(Set::size).sum()).isEqualTo(keys.size());
  }

  private static long reads() {
    try (Jedis admin = new Jedis("127.0.0.1", server.port())) {
      return admin
          .info("stats")
          .lines()
          .filter(line -> line.startsWith("total_reads_processed:"))
          .mapToLong(line -> Long.parseLong(line.substring(line.indexOf(':') + 1)))
          .sum();
    }
  }
}
