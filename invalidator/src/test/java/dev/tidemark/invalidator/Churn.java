package dev.tidemark.invalidator;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemark.cache.store.Acquisition;
import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.cache.store.EntryStoreException;
import dev.tidemark.cache.store.Lookup;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/// Continuous changes, with readers that fill the cache again after each eviction, so that a lost
/// eviction leaves a stale entry.
final class Churn implements AutoCloseable {

  private static final Duration TTL = Duration.ofMinutes(5);

  /// Lifetime of a lease. One that is left behind, because Redis was away, soon makes way for the
  /// next.
  private static final Duration LEASE = Duration.ofSeconds(1);

  private record Aggregate(String id, AtomicLong committed) {
    String key() {
      return "product:" + id;
    }
  }

  private final EntryStore store;
  private final TestTopic topic;
  private final List<Aggregate> aggregates;
  private final AtomicLong changes = new AtomicLong();
  private final AtomicLong fills = new AtomicLong();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final List<Future<?>> workers;
  private volatile boolean stopping;

  /// Begins at once.
  Churn(EntryStore store, TestTopic topic, List<String> ids) {
    this.store = store;
    this.topic = topic;
    this.aggregates = ids.stream().map(id -> new Aggregate(id, new AtomicLong())).toList();
    long seed = new Random().nextLong();
    System.out.println("churn, seed " + seed);
    this.workers =
        List.of(
            threads.submit(this::change),
            threads.submit(() -> fill("a", new Random(seed))),
            threads.submit(() -> fill("b", new Random(seed + 1))));
  }

  private void change() {
    while (!stopping) {
      for (Aggregate aggregate : aggregates) {
        topic.publish(aggregate.id(), aggregate.committed().incrementAndGet());
        changes.incrementAndGet();
      }
    }
  }

  private void fill(String tokens, Random random) {
    for (int i = 0; !stopping; i++) {
      Aggregate aggregate = aggregates.get(random.nextInt(aggregates.size()));
      String token = tokens + i;
      try {
        if (store.acquire(aggregate.key(), token, LEASE).equals(new Acquisition.Acquired())) {
          long read = aggregate.committed().get();
          if (read > 0) {
            store.fill(
                aggregate.key(),
                token,
                new CachedValue.Present(read, ("v" + read).getBytes(UTF_8)),
                TTL);
            fills.incrementAndGet();
          }
        }
      } catch (EntryStoreException redisIsAway) {
        // Continues with the next one.
      }
    }
  }

  /// Returns the number of changes so far.
  long changes() {
    return changes.get();
  }

  /// Returns the number of fills so far.
  long fills() {
    return fills.get();
  }

  /// Ends, and throws the failure if there was one.
  ///
  /// @return how many changes there were
  long end() {
    stopping = true;
    threads.close();
    for (Future<?> worker : workers) {
      if (worker.state() == Future.State.FAILED) {
        throw new AssertionError("a thread of the churn failed", worker.exceptionNow());
      }
    }
    return changes();
  }

  @Override
  public void close() {
    end();
  }

  /// Returns the keys that are served below the committed version, once all is settled.
  List<String> stale() {
    return aggregates.stream()
        .filter(
            aggregate ->
                store.lookup(aggregate.key()) instanceof Lookup.Hit(CachedValue value)
                    && value.version() < aggregate.committed().get())
        .map(Aggregate::key)
        .toList();
  }
}
