package dev.tidemark.operator.audit;

import dev.tidemark.cache.redis.RedisInspection;
import dev.tidemark.cache.store.CacheKey;
import dev.tidemark.service.states.PostgresProducts;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// The keys that an audit looks at, piece by piece. Confined to one thread.
///
/// Each method throws [dev.tidemark.cache.store.EntryStoreException] when Redis does not answer,
/// and can then be called again.
interface AuditKeys {

  /// How many there are; those of others may be counted with them.
  long total();

  /// The next ones, perhaps none.
  ///
  /// @param about so many
  /// @return empty at the end
  Optional<List<String>> next(int about);

  /// All of the cache whose ids begin so.
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

  /// Just these.
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

  /// So many of the cache, drawn by chance; all, where it holds no more. Drawn from the cache and
  /// not from the database, for what is stale is in the cache, and most products are not.
  static AuditKeys sample(RedisInspection cache, int count) {
    return cache.size() <= count ? all(cache, "") : new Sample(cache, count);
  }

  /// Drawn by chance, none twice.
  final class Sample implements AuditKeys {

    /// So many times the keys that are wanted are drawn at most: others may hold most of a Redis.
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
