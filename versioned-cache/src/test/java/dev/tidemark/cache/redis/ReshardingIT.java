package dev.tidemark.cache.redis;

import static dev.tidemark.cache.store.EntryStoreContract.PATIENT;
import static dev.tidemark.cache.store.EntryStoreContract.TTL;
import static dev.tidemark.cache.store.EntryStoreContract.value;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.cache.store.Acquisition.Acquired;
import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.cache.store.EntryStoreException;
import dev.tidemark.cache.store.Eviction;
import dev.tidemark.cache.store.EvictionRequest;
import dev.tidemark.cache.store.Lookup.Hit;
import dev.tidemark.cache.store.Outcome;
import dev.tidemark.cache.store.Outcome.Applied;
import dev.tidemark.embedded.RedisServer;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.util.JedisClusterCRC16;

/// A slot moves from node to node and back while its keys are read, filled and evicted. An eviction
/// that was answered holds from then on, wherever the key is by then.
class ReshardingIT {

  private static final int MOVES = 24;
  private static final List<String> SUFFIXES = List.of("", "a", "b{}", "}", "{c}");

  @TempDir Path dir;

  /// A key, with the version in its source, and the highest version whose eviction was answered.
  private record Aggregate(String key, AtomicLong committed, AtomicLong applied) {
    Aggregate(String key) {
      this(key, new AtomicLong(1), new AtomicLong());
    }
  }

  @Test
  void noEvictionIsLostWhileASlotMovesBackAndForth_H37_H43() throws Exception {
    long seed = new Random().nextLong();
    System.out.println("seed " + seed);
    List<Aggregate> aggregates =
        SUFFIXES.stream().map(suffix -> new Aggregate("product:{7}" + suffix)).toList();
    int slot = JedisClusterCRC16.getSlot("product:{7}");
    AtomicBoolean moving = new AtomicBoolean(true);
    AtomicLong hits = new AtomicLong();
    AtomicLong evictions = new AtomicLong();

    try (TwoNodeCluster cluster = TwoNodeCluster.start(dir);
        RedisConnection connection = RedisConnection.open(cluster.url(), PATIENT);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      EntryStore store = connection.entries();
      List<Future<?>> workers =
          List.of(
              threads.submit(() -> read(store, aggregates, new Random(seed), moving, hits)),
              threads.submit(() -> read(store, aggregates, new Random(seed + 1), moving, hits)),
              threads.submit(() -> fill(store, aggregates, new Random(seed + 2), moving, "f1-")),
              threads.submit(() -> fill(store, aggregates, new Random(seed + 3), moving, "f2-")),
              threads.submit(() -> evictSingly(store, aggregates.getFirst(), moving, evictions)),
              threads.submit(
                  () -> evictInBatches(store, aggregates.subList(1, 5), moving, evictions)));
      try {
        RedisServer from = cluster.home("product:{7}");
        for (int i = 0; i < MOVES; i++) {
          cluster.move(slot, from);
          from = cluster.other(from);
        }
      } finally {
        moving.set(false);
      }
      for (Future<?> worker : workers) {
        worker.get();
      }
    }
    assertThat(hits.get()).as("reads that were served").isPositive();
    assertThat(evictions.get()).as("evictions that were answered").isGreaterThan(MOVES);
  }

  private static void read(
      EntryStore store,
      List<Aggregate> aggregates,
      Random random,
      AtomicBoolean moving,
      AtomicLong hits) {
    while (moving.get()) {
      Aggregate aggregate = any(aggregates, random);
      long atLeast = aggregate.applied().get();
      try {
        if (store.lookup(aggregate.key()) instanceof Hit(CachedValue value)) {
          hits.incrementAndGet();
          assertThat(value.version()).as(aggregate.key()).isGreaterThanOrEqualTo(atLeast);
        }
      } catch (EntryStoreException e) {
        // The reader uses its source.
      }
    }
  }

  private static void fill(
      EntryStore store,
      List<Aggregate> aggregates,
      Random random,
      AtomicBoolean moving,
      String tokens) {
    for (int i = 0; moving.get(); i++) {
      Aggregate aggregate = any(aggregates, random);
      try {
        if (store.acquire(aggregate.key(), tokens + i, TTL).equals(new Acquired())) {
          long read = aggregate.committed().get();
          // A source takes about as long, and evictions come in between.
          store.lookup(aggregate.key());
          store.fill(aggregate.key(), tokens + i, value(read), TTL);
        }
      } catch (EntryStoreException e) {
        // Its lease blocks others until the eviction by force below.
        forgetLease(store, aggregate.key());
      }
    }
  }

  private static void forgetLease(EntryStore store, String key) {
    try {
      store.evictByForce(key);
    } catch (EntryStoreException e) {
      // The next eviction covers it.
    }
  }

  private static void evictSingly(
      EntryStore store, Aggregate aggregate, AtomicBoolean moving, AtomicLong evictions) {
    while (moving.get()) {
      long version = aggregate.committed().incrementAndGet();
      if (isEvicted(store, aggregate.key(), version)) {
        aggregate.applied().set(version);
        evictions.incrementAndGet();
      }
    }
  }

  private static boolean isEvicted(EntryStore store, String key, long version) {
    try {
      store.evict(key, version);
      return true;
    } catch (EntryStoreException e) {
      return false;
    }
  }

  private static void evictInBatches(
      EntryStore store, List<Aggregate> aggregates, AtomicBoolean moving, AtomicLong evictions) {
    while (moving.get()) {
      List<EvictionRequest> batch =
          aggregates.stream()
              .map(each -> new EvictionRequest(each.key(), each.committed().incrementAndGet()))
              .toList();
      List<Outcome<Eviction>> outcomes = store.evict(batch);
      for (int i = 0; i < batch.size(); i++) {
        if (outcomes.get(i) instanceof Applied) {
          aggregates.get(i).applied().set(batch.get(i).version());
          evictions.incrementAndGet();
        }
      }
    }
  }

  private static Aggregate any(List<Aggregate> aggregates, Random random) {
    return aggregates.get(random.nextInt(aggregates.size()));
  }
}
