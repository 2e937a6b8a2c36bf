package dev.tidemark.operator.audit;

import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.cache.redis.RedisInspection;
import dev.tidemark.cache.redis.RedisInspection.Found;
import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.cache.store.EvictionRequest;
import dev.tidemark.cache.store.Lookup;
import dev.tidemark.invalidation.PostgresProducts;
import dev.tidemark.invalidation.PostgresProducts.State;
import dev.tidemark.invalidation.Unavailable;
import dev.tidemark.operator.audit.AuditFindings.WrongKey;
import dev.tidemark.operator.run.RetryingBatches;
import dev.tidemark.operator.run.StopRequest;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Cache and database, each asked until it answers. Confined to one thread.
///
/// Each method throws [Unavailable] when patience is at its end, and [StopRequest.Stopped] when the
/// command is to end before the answer.
final class AuditSources {

  private static final Duration PAUSE = Duration.ofMillis(500);

  private final RedisInspection cache;
  private final EntryStore entries;
  private final PostgresProducts products;
  private final RetryingBatches batches;
  private final StopRequest stopping;
  private final Consumer<String> news;

  private AuditSources(
      RedisConnection redis,
      PostgresProducts products,
      StopRequest stopping,
      Consumer<String> news) {
    this.cache = redis.inspection();
    this.entries = redis.entries();
    this.products = products;
    this.batches = new RetryingBatches(stopping, news, RetryingBatches.PATIENCE);
    this.stopping = stopping;
    this.news = news;
  }

  /// Asks the database for the first time: a wrong address is reported at once.
  static AuditSources open(
      RedisConnection redis,
      PostgresProducts products,
      StopRequest stopping,
      Consumer<String> news) {
    try {
      products.states(List.of());
    } catch (PostgresProducts.Unanswered e) {
      throw new Unavailable(String.valueOf(e.getMessage()));
    }
    return new AuditSources(redis, products, stopping, news);
  }

  RedisInspection cache() {
    return cache;
  }

  /// Asks the cache a question of its own.
  <T> T ask(Supplier<T> question) {
    return batches.each(List.of(question), Supplier::get).getFirst();
  }

  /// Reads the entries, in the order of the keys.
  List<Found> read(List<String> keys) {
    return batches.all(keys, cache::read);
  }

  /// Returns the states of the products, by id.
  Map<String, State> states(List<String> keys) {
    List<String> ids = keys.stream().map(PostgresProducts::idOf).toList();
    long begin = System.nanoTime();
    while (true) {
      try {
        return products.states(ids);
      } catch (PostgresProducts.Unanswered e) {
        if (System.nanoTime() - begin > RetryingBatches.PATIENCE.toNanos()) {
          throw new Unavailable(String.valueOf(e.getMessage()));
        }
        news.accept("trying again: " + e.getMessage());
      }
      stopping.pause(PAUSE);
    }
  }

  /// An entry that is not right.
  ///
  /// @param found what was judged
  record Wrong(WrongKey key, Found found) {

    private boolean isStale() {
      return key.verdict() == AuditVerdict.STALE;
    }
  }

  /// Evicts wrong entries. Stale ones are evicted by version, which leaves those that have become
  /// right. All others are evicted whatever their version, which cannot be trusted (H8), but only
  /// if they are byte for byte as they were judged.
  ///
  /// @return the keys of those that were left, because they had changed
  Set<String> evict(List<Wrong> wrong) {
    List<Wrong> others = wrong.stream().filter(each -> !each.isStale()).toList();
    List<EvictionRequest> stale =
        wrong.stream()
            .filter(Wrong::isStale)
            .map(each -> new EvictionRequest(each.key().key(), each.key().committed()))
            .toList();
    var _ = batches.all(stale, entries::evict);
    List<Boolean> gone = batches.each(others, this::isGone);
    return IntStream.range(0, others.size())
        .filter(i -> !gone.get(i))
        .mapToObj(i -> others.get(i).key().key())
        .collect(Collectors.toUnmodifiableSet());
  }

  private boolean isGone(Wrong wrong) {
    String key = wrong.key().key();
    return wrong.found() instanceof Found.Known(Lookup.Hit(CachedValue value))
        ? entries.evictSeen(key, value)
        // A lookup removes what is no entry, by its bytes, too.
        : !(entries.lookup(key) instanceof Lookup.Hit);
  }
}
