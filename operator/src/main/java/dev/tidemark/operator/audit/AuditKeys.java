package dev.tidemark.operator.audit;

import dev.tidemark.cache.redis.RedisInspection;
import dev.tidemark.cache.store.CacheKey;
import dev.tidemark.invalidation.PostgresProducts;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Keys that an audit looks at, piece by piece. Confined to one thread.
///
/// Each method throws [dev.tidemark.cache.store.EntryStoreException] when Redis does not answer,
/// and can then be called again.
interface AuditKeys {

  /// Returns the number of keys; keys of other programs may be counted with them.
  long total();

  /// Returns the next keys, perhaps none.
  ///
  /// @param about so many
  /// @return empty at the end
  Optional<List<String>> next(int about);

  /// Returns all keys of the cache whose ids begin with the prefix.
  static AuditKeys all(RedisInspection cache, String prefix) {
    RedisInspection.Scan scan = cache.scan(PostgresProducts.KEY_PREFIX + prefix);
    return new AuditKeys() {
      @Override
      public long total() {
        return cache.size();
      }

      @Override
      public Optional<List<String>> next(int about) {
        return scan.next(about);
      }
    };
  }

  /// Returns the keys of these ids.
  static AuditKeys of(List<String> ids) {
    List<String> open = new ArrayList<>(ids);
    return new AuditKeys() {
      @Override
      public long total() {
        return ids.size();
      }

      @Override
      public Optional<List<String>> next(int about) {
        if (open.isEmpty()) {
          return Optional.empty();
        }
        List<String> piece = open.subList(0, Math.min(about, open.size()));
        List<String> keys = piece.stream().map(id -> CacheKey.of("product", id)).toList();
        piece.clear();
        return Optional.of(keys);
      }
    };
  }

  /// Returns a random sample of the keys of the cache; all keys where it holds no more than these.
  /// The sample is drawn from the cache and not from the database, because stale values are in the
  /// cache, and most products are not.
  static AuditKeys sample(RedisInspection cache, int count) {
    return cache.size() <= count ? all(cache, "") : new Sample(cache, count);
  }

  /// Keys that are drawn at random, none twice.
  final class Sample implements AuditKeys {

    /// Largest number of draws for each key that is wanted: keys of other programs may fill most of
    /// a Redis.
    private static final int MOST_DRAWS = 20;

    private final RedisInspection cache;
    private final int count;
    private final Set<String> taken = new HashSet<>();
    private long drawn;

    private Sample(RedisInspection cache, int count) {
      this.cache = cache;
      this.count = count;
    }

    @Override
    public long total() {
      return count;
    }

    @Override
    public Optional<List<String>> next(int about) {
      if (taken.size() == count || drawn >= (long) MOST_DRAWS * count) {
        return Optional.empty();
      }
      List<String> keys = cache.randomKeys(about);
      drawn += Math.max(1, keys.size());
      return Optional.of(
          keys.stream()
              .filter(key -> key.startsWith(PostgresProducts.KEY_PREFIX))
              .filter(key -> taken.size() < count && taken.add(key))
              .toList());
    }
  }
}
