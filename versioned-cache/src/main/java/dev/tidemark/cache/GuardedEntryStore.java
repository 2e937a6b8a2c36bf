package dev.tidemark.cache;

import dev.failsafe.CircuitBreaker;
import dev.tidemark.cache.store.Acquisition;
import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.cache.store.EntryStoreException;
import dev.tidemark.cache.store.Eviction;
import dev.tidemark.cache.store.EvictionRequest;
import dev.tidemark.cache.store.FillResult;
import dev.tidemark.cache.store.Lookup;
import dev.tidemark.cache.store.Offer;
import dev.tidemark.cache.store.Outcome;
import dev.tidemark.cache.store.RefreshResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A store behind a circuit breaker, for readers, which can read their source instead. Thread-safe.
///
/// When the store is silent, or accepts no evictions, the breaker opens and the operations after
/// that fail at once, except for a few that try now and then; when these are answered it closes.
/// For some time after that the store is not trusted: its entries may be older than evictions that
/// could not be applied during the outage. Each part of the store has its own breaker.
///
/// One operation without an answer is no outage: its entry may be large, or this machine busy. So
/// the store then gets, in the background, an eviction that changes nothing, a few times; only if
/// none is answered the breaker opens. The same test runs now and then while all is well: a store
/// that answers reads may refuse evictions.
///
/// Other refusals (no memory, no connection free) neither open the breaker nor keep it open.
final class GuardedEntryStore implements EntryStore {

  /// Number of probes in a row without an answer that open the breaker.
  private static final int SILENCES = 5;

  /// Number of probes without a free connection after which the examination ends without a result.
  private static final int MOST_CROWDED = 100;

  /// Interval at which evictions are tried while reads are answered.
  private static final Duration EXAMINATION = Duration.ofSeconds(1);

  /// Version that no entry is older than: an eviction by it only tests that evictions work.
  private static final long NO_VERSION = 0;

  /// Pause before the store is tried again.
  private static final Duration PAUSE = Duration.ofMillis(500);

  /// Number of answers that close the breaker.
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

  /// Returns whether the content of the store for this key can be trusted.
  boolean isTrusted(String key) {
    return shard(key).isTrusted();
  }

  @Override
  public Lookup lookup(String key) {
    Lookup found =
        guarded(
            key,
            () -> {
              Lookup answer = store.lookup(key);
              if (!shard(key).breaker.isClosed()) {
                // Answers to reads do not close the breaker.
                store.evict(key, NO_VERSION);
              }
              return answer;
            });
    shard(key).examineNowAndThen(key);
    return found;
  }

  @Override
  public List<Outcome<Lookup>> lookup(List<String> keys) {
    List<Outcome<Lookup>> found = guarded(keys, key -> key, this::lookupAndProve);
    if (!keys.isEmpty()) {
      shard(keys.getFirst()).examineNowAndThen(keys.getFirst());
    }
    return found;
  }

  private List<Outcome<Lookup>> lookupAndProve(List<String> keys) {
    List<Outcome<Lookup>> found = store.lookup(keys);
    if (keys.stream().allMatch(key -> shard(key).breaker.isClosed())) {
      return found;
    }
    List<Outcome<Eviction>> proofs =
        store.evict(keys.stream().map(key -> new EvictionRequest(key, NO_VERSION)).toList());
    return IntStream.range(0, keys.size())
        .mapToObj(
            i ->
                proofs.get(i) instanceof Outcome.Failed<Eviction>(EntryStoreException cause)
                    ? new Outcome.Failed<Lookup>(cause)
                    : found.get(i))
        .toList();
  }

  @Override
  public List<Outcome<Acquisition>> acquire(List<String> keys, String token, Duration leaseTtl) {
    return guarded(keys, key -> key, allowed -> store.acquire(allowed, token, leaseTtl));
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
      shard.failed(key, e);
      throw e;
    } catch (RuntimeException | Error e) {
      shard.breaker.recordSuccess();
      throw e;
    }
  }

  /// Runs a batch with one permit for each shard that it touches. The shard is given the worst
  /// answer.
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
    Map<Shard, Outcome<T>> worst = new HashMap<>();
    Map<Shard, String> keys = new HashMap<>();
    List<Outcome<T>> outcomes = new ArrayList<>(batch.size());
    for (int i = 0; i < batch.size(); i++) {
      if (permitted.contains(ofItems.get(i))) {
        Outcome<T> outcome = answers.next();
        worst.merge(ofItems.get(i), outcome, GuardedEntryStore::worse);
        keys.put(ofItems.get(i), keyOf.apply(batch.get(i)));
        outcomes.add(outcome);
      } else {
        outcomes.add(new Outcome.Failed<>(EntryStoreException.notTried(keyOf.apply(batch.get(i)))));
      }
    }
    worst.forEach(
        (shard, outcome) -> {
          switch (outcome) {
            case Outcome.Applied<T> _ -> shard.breaker.recordSuccess();
            case Outcome.Failed<T>(EntryStoreException cause) ->
                shard.failed(Objects.requireNonNull(keys.get(shard)), cause);
          }
        });
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
      // A permit that is not given back is lost for good while the breaker is half open.
      permitted.forEach(shard -> shard.breaker.recordSuccess());
      throw e;
    }
  }

  private static <T> Outcome<T> worse(Outcome<T> one, Outcome<T> other) {
    if (!(one instanceof Outcome.Failed<T>(EntryStoreException cause))) {
      return other;
    }
    return other instanceof Outcome.Failed<T>(EntryStoreException otherCause)
            && otherCause.fault().compareTo(cause.fault()) > 0
        ? other
        : one;
  }

  /// A part of the store that fails as one. Thread-safe.
  private final class Shard {

    private final AtomicBoolean examined = new AtomicBoolean();
    private volatile long lastExamined;
    private volatile String reason = "";
    private final CircuitBreaker<Object> breaker;
    private final long distrustNanos;
    private final LongSupplier nanoTime;
    private volatile long lastTrouble;

    Shard(int number, Duration distrust, LongSupplier nanoTime, CacheMetrics metrics) {
      this.distrustNanos = distrust.toNanos();
      this.nanoTime = nanoTime;
      this.lastTrouble = nanoTime.getAsLong() - distrustNanos;
      this.lastExamined = nanoTime.getAsLong();
      this.breaker =
          CircuitBreaker.builder()
              .withDelay(PAUSE)
              .withSuccessThreshold(ANSWERS)
              .onOpen(
                  event -> {
                    if (event.getPreviousState() == CircuitBreaker.State.CLOSED) {
                      metrics.breakerOpened();
                      log.atWarn()
                          .addKeyValue("part", number)
                          .addKeyValue("reason", reason)
                          .log("Redis is unavailable or rejects evictions; reads go to the source");
                    }
                  })
              // Set before the last answer that closes the breaker, so that it is never closed and
              // trusted.
              .onHalfOpen(event -> lastTrouble = nanoTime.getAsLong())
              .onClose(
                  event -> {
                    lastTrouble = nanoTime.getAsLong();
                    metrics.breakerClosed();
                    log.atInfo()
                        .addKeyValue("part", number)
                        .addKeyValue("distrust", distrust)
                        .log(
                            "Redis is available again; its entries are used after the distrust period");
                  })
              .build();
    }

    boolean isTrusted() {
      return breaker.isClosed() && nanoTime.getAsLong() - lastTrouble >= distrustNanos;
    }

    void failed(String key, EntryStoreException failure) {
      switch (failure.fault()) {
        case CROWDED, REFUSED -> breaker.recordSuccess();
        case SILENT -> {
          if (breaker.isClosed()) {
            examine(key);
          } else {
            breaker.recordFailure();
          }
        }
        case UNWRITABLE, DOWN -> open(failure);
      }
    }

    private void open(EntryStoreException failure) {
      reason = String.valueOf(failure.getMessage());
      breaker.open();
    }

    void examineNowAndThen(String key) {
      if (nanoTime.getAsLong() - lastExamined >= EXAMINATION.toNanos()) {
        examine(key);
      }
    }

    /// Examines the shard, once at a time and in the background: the reader has its source.
    private void examine(String key) {
      if (examined.compareAndSet(false, true)) {
        lastExamined = nanoTime.getAsLong();
        Thread.ofVirtual()
            .name("cache-examination")
            .start(
                () -> {
                  try {
                    ask(key);
                  } finally {
                    examined.set(false);
                  }
                });
      }
    }

    private void ask(String key) {
      int crowded = 0;
      int silent = 0;
      while (breaker.isClosed() && crowded < MOST_CROWDED) {
        try {
          store.evict(key, NO_VERSION);
          return;
        } catch (EntryStoreException e) {
          switch (e.fault()) {
            case REFUSED -> {
              return;
            }
            case CROWDED -> crowded++;
            case SILENT -> silent++;
            case UNWRITABLE, DOWN -> silent = SILENCES;
          }
          if (silent >= SILENCES) {
            open(e);
          }
        }
      }
    }
  }
}
