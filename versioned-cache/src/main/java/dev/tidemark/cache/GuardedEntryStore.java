package dev.tidemark.cache;

import dev.failsafe.CircuitBreaker;
import dev.tidemark.cache.EntryStoreException.Fault;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A store behind a circuit breaker, for readers, who have another place to go to. Thread-safe.
///
/// When the store is silent the breaker opens and the operations after that fail at once, but for a
/// few that try now and then; when these are answered it closes. For some time after that the store
/// is not trusted: what it holds may be older than evictions that could not be applied during the
/// outage. Each part of the store has its own breaker.
///
/// Refusals (no memory, no right) are answers: they neither open the breaker nor keep it open.
final class GuardedEntryStore implements EntryStore {

  /// So many of the last operations without an answer open the breaker.
  private static final int FAILURES = 5;

  private static final int OF_LAST = 10;

  /// Until the store is tried again.
  private static final Duration PAUSE = Duration.ofMillis(500);

  /// So many answers close it.
  private static final int ANSWERS = 2;

  private static final Logger log = LoggerFactory.getLogger(GuardedEntryStore.class);

  private final EntryStore store;
  private final List<Shard> shards;

  /// @param distrust for how long the store is not trusted after an outage
  GuardedEntryStore(
      EntryStore store, Duration distrust, LongSupplier nanoTime, CacheMetrics metrics) {
    this.store = store;
    this.shards =
        IntStream.range(0, store.shards())
            .mapToObj(i -> new Shard(i, distrust, nanoTime, metrics))
            .toList();
  }

  /// Whether what the store holds for the key may be believed.
  boolean isTrusted(String key) {
    return shard(key).isTrusted();
  }

  @Override
  public Lookup lookup(String key) {
    return guarded(key, () -> store.lookup(key));
  }

  @Override
  public List<Outcome<Lookup>> lookup(List<String> keys) {
    return guarded(keys, key -> key, store::lookup);
  }

  @Override
  public Acquisition acquire(String key, String token, Duration leaseTtl) {
    return guarded(key, () -> store.acquire(key, token, leaseTtl));
  }

  @Override
  public List<Outcome<Acquisition>> acquire(List<String> keys, String token, Duration leaseTtl) {
    return guarded(keys, key -> key, allowed -> store.acquire(allowed, token, leaseTtl));
  }

  @Override
  public FillResult fill(String key, String token, CachedValue value, Duration ttl) {
    return guarded(key, () -> store.fill(key, token, value, ttl));
  }

  @Override
  public List<Outcome<FillResult>> fill(String token, List<Offer> batch) {
    return guarded(batch, Offer::key, allowed -> store.fill(token, allowed));
  }

  @Override
  public boolean release(String key, String token) {
    return guarded(key, () -> store.release(key, token));
  }

  @Override
  public Eviction evict(String key, long version) {
    return guarded(key, () -> store.evict(key, version));
  }

  @Override
  public List<Outcome<Eviction>> evict(List<EvictionRequest> batch) {
    return guarded(batch, EvictionRequest::key, store::evict);
  }

  @Override
  public RefreshResult refresh(String key, CachedValue value, Duration ttl) {
    return guarded(key, () -> store.refresh(key, value, ttl));
  }

  @Override
  public List<Outcome<RefreshResult>> refresh(List<Offer> batch) {
    return guarded(batch, Offer::key, store::refresh);
  }

  @Override
  public boolean prolong(String key, long version, Duration ttl) {
    return guarded(key, () -> store.prolong(key, version, ttl));
  }

  @Override
  public Optional<Duration> remainingLife(String key) {
    return guarded(key, () -> store.remainingLife(key));
  }

  @Override
  public boolean evictByForce(String key) {
    return guarded(key, () -> store.evictByForce(key));
  }

  @Override
  public boolean evictSeen(String key, CachedValue seen) {
    return guarded(key, () -> store.evictSeen(key, seen));
  }

  @Override
  public int shards() {
    return shards.size();
  }

  @Override
  public int shardOf(String key) {
    return store.shardOf(key);
  }

  private Shard shard(String key) {
    return shards.get(store.shardOf(key));
  }

  private <T> T guarded(String key, Supplier<T> operation) {
    Shard shard = shard(key);
    if (!shard.breaker.tryAcquirePermit()) {
      throw EntryStoreException.notTried(key);
    }
    try {
      T answer = operation.get();
      shard.breaker.recordSuccess();
      return answer;
    } catch (EntryStoreException e) {
      shard.failed(e.fault());
      throw e;
    } catch (RuntimeException | Error e) {
      shard.breaker.recordSuccess();
      throw e;
    }
  }

  /// One permit for each shard that the batch touches; its worst answer is what the shard is told.
  private <I, T> List<Outcome<T>> guarded(
      List<I> batch, Function<I, String> keyOf, Function<List<I>, List<Outcome<T>>> operation) {
    List<Shard> ofItems = batch.stream().map(item -> shard(keyOf.apply(item))).toList();
    Set<Shard> permitted =
        ofItems.stream()
            .distinct()
            .filter(shard -> shard.breaker.tryAcquirePermit())
            .collect(Collectors.toSet());
    List<I> allowed =
        IntStream.range(0, batch.size())
            .filter(i -> permitted.contains(ofItems.get(i)))
            .mapToObj(batch::get)
            .toList();
    Iterator<Outcome<T>> answers = answers(permitted, allowed, operation).iterator();
    Map<Shard, Optional<Fault>> worst = new HashMap<>();
    List<Outcome<T>> outcomes = new ArrayList<>(batch.size());
    for (int i = 0; i < batch.size(); i++) {
      if (permitted.contains(ofItems.get(i))) {
        Outcome<T> outcome = answers.next();
        worst.merge(ofItems.get(i), fault(outcome), GuardedEntryStore::worse);
        outcomes.add(outcome);
      } else {
        outcomes.add(new Outcome.Failed<>(EntryStoreException.notTried(keyOf.apply(batch.get(i)))));
      }
    }
    worst.forEach(
        (shard, fault) -> fault.ifPresentOrElse(shard::failed, shard.breaker::recordSuccess));
    return outcomes;
  }

  private static <I, T> List<Outcome<T>> answers(
      Set<Shard> permitted, List<I> allowed, Function<List<I>, List<Outcome<T>>> operation) {
    if (allowed.isEmpty()) {
      return List.of();
    }
    try {
      return operation.apply(allowed);
    } catch (RuntimeException | Error e) {
      // A permit that is not given back is missing for ever while the breaker is half open.
      permitted.forEach(shard -> shard.breaker.recordSuccess());
      throw e;
    }
  }

  private static <T> Optional<Fault> fault(Outcome<T> outcome) {
    return switch (outcome) {
      case Outcome.Applied<T> _ -> Optional.empty();
      case Outcome.Failed<T>(EntryStoreException cause) -> Optional.of(cause.fault());
    };
  }

  private static Optional<Fault> worse(Optional<Fault> one, Optional<Fault> other) {
    return Stream.concat(one.stream(), other.stream()).max(Comparator.naturalOrder());
  }

  /// A part of the store that fails as one. Thread-safe.
  private static final class Shard {

    private final CircuitBreaker<Object> breaker;
    private final long distrustNanos;
    private final LongSupplier nanoTime;
    private volatile long lastTrouble;

    Shard(int number, Duration distrust, LongSupplier nanoTime, CacheMetrics metrics) {
      this.distrustNanos = distrust.toNanos();
      this.nanoTime = nanoTime;
      this.lastTrouble = nanoTime.getAsLong() - distrustNanos;
      this.breaker =
          CircuitBreaker.builder()
              .withFailureThreshold(FAILURES, OF_LAST)
              .withDelay(PAUSE)
              .withSuccessThreshold(ANSWERS)
              .onOpen(
                  event -> {
                    if (event.getPreviousState() == CircuitBreaker.State.CLOSED) {
                      metrics.breakerOpened();
                      log.atWarn()
                          .addKeyValue("part", number)
                          .log("Redis does not answer: reads go to the source");
                    }
                  })
              // Before the last answer that closes it, so that it is never closed and trusted.
              .onHalfOpen(event -> lastTrouble = nanoTime.getAsLong())
              .onClose(
                  event -> {
                    lastTrouble = nanoTime.getAsLong();
                    metrics.breakerClosed();
                    log.atInfo()
                        .addKeyValue("part", number)
                        .addKeyValue("distrust", distrust)
                        .log("Redis answers again: what it holds is believed after the distrust");
                  })
              .build();
    }

    boolean isTrusted() {
      return breaker.isClosed() && nanoTime.getAsLong() - lastTrouble >= distrustNanos;
    }

    void failed(Fault fault) {
      switch (fault) {
        case REFUSED -> breaker.recordSuccess();
        case SILENT -> breaker.recordFailure();
        case DOWN -> breaker.open();
      }
    }
  }
}
