package dev.tidemark.invalidator;

import dev.tidemark.cache.EntryStore;
import dev.tidemark.cache.EvictionRequest;
import dev.tidemark.cache.RedisConnection;
import dev.tidemark.cache.RedisInspection;
import dev.tidemark.cache.RedisInspection.Found;
import dev.tidemark.invalidator.AuditFindings.WrongKey;
import dev.tidemark.invalidator.OperatorRun.Failed;
import dev.tidemark.invalidator.PostgresProducts.State;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// Cache and database, each asked until it answers. What is answered is empty when the command is
/// to end before. Confined to one thread.
///
/// Each method throws [Failed] when patience is at its end.
final class AuditServers {

  private static final Duration PAUSE = Duration.ofMillis(500);

  private final RedisInspection cache;
  private final EntryStore entries;
  private final PostgresProducts products;
  private final PatientBatches batches;
  private final Stopping stopping;
  private final Consumer<String> news;

  /// Asks the database for the first time: a wrong address is told at once.
  AuditServers(
      RedisConnection redis, PostgresProducts products, Stopping stopping, Consumer<String> news) {
    this.cache = redis.inspection();
    this.entries = redis.entries();
    this.products = products;
    this.batches = new PatientBatches(stopping, news, PatientBatches.PATIENCE);
    this.stopping = stopping;
    this.news = news;
    try {
      products.states(List.of());
    } catch (PostgresProducts.Unanswered e) {
      throw new Failed(String.valueOf(e.getMessage()));
    }
  }

  RedisInspection cache() {
    return cache;
  }

  /// Asks the cache a question of its own.
  <T> Optional<T> ask(Supplier<T> question) {
    return batches.each(List.of(question), Supplier::get).map(List::getFirst);
  }

  /// In the order of the keys.
  Optional<List<Found>> read(List<String> keys) {
    return batches.all(keys, cache::read);
  }

  /// By id.
  Optional<Map<String, State>> states(List<String> keys) {
    List<String> ids = keys.stream().map(PostgresProducts::idOf).toList();
    long begin = System.nanoTime();
    while (true) {
      try {
        return Optional.of(products.states(ids));
      } catch (PostgresProducts.Unanswered e) {
        if (System.nanoTime() - begin > PatientBatches.PATIENCE.toNanos()) {
          throw new Failed(String.valueOf(e.getMessage()));
        }
        news.accept("trying again: " + e.getMessage());
      }
      if (stopping.isWishedWithin(PAUSE)) {
        return Optional.empty();
      }
    }
  }

  /// What is stale goes by version, which leaves what has come right. All else by force: its
  /// version cannot be trusted (H8).
  ///
  /// @return whether it is done
  boolean evict(List<WrongKey> keys) {
    List<EvictionRequest> stale =
        keys.stream()
            .filter(key -> key.verdict() == AuditVerdict.STALE)
            .map(key -> new EvictionRequest(key.key(), key.committed()))
            .toList();
    List<String> others =
        keys.stream()
            .filter(key -> key.verdict() != AuditVerdict.STALE)
            .map(WrongKey::key)
            .toList();
    return batches.all(stale, entries::evict).isPresent()
        && batches.each(others, entries::evictByForce).isPresent();
  }
}
