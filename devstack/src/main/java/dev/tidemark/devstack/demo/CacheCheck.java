package dev.tidemark.devstack.demo;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.RedisClient;

/// Compares every product in the database with its cache entry, byte for byte, after the writes
/// have ended. Entries of the naive cache are compared by version. Confined to one thread.
final class CacheCheck {
  private static final int BATCH = 500;
  private static final int SHOWN = 10;

  /// Pattern of a cache entry, DESIGN §4: `V42` and the value, `D42` (known absent), or `L42:token`
  /// (being filled, no value).
  private static final Pattern ENTRY =
      Pattern.compile("([VDL])(\\d+)[^\\n]*\\n(.*)", Pattern.DOTALL);

  /// @param products in the database, deleted ones included
  /// @param fresh with an entry that says what the database says
  /// @param uncached without a value in the cache
  /// @param stale with an entry that says something else
  /// @param examples some of the stale ones, in words
  /// @param naiveStale products of which the naive cache says something older
  record Result(
      long products,
      long fresh,
      long uncached,
      long stale,
      List<String> examples,
      long naiveStale) {
    boolean isGood() {
      return stale == 0;
    }
  }

  private record Row(String id, long version, boolean deleted, String json) {}

  private long products;
  private long fresh;
  private long uncached;
  private long stale;
  private long naiveStale;
  private final List<String> examples = new ArrayList<>();

  private CacheCheck() {}

  static Result run(Jdbi database, RedisClient redis) {
    CacheCheck check = new CacheCheck();
    String after = "";
    while (true) {
      List<Row> rows = page(database, after);
      if (rows.isEmpty()) {
        return new Result(
            check.products,
            check.fresh,
            check.uncached,
            check.stale,
            List.copyOf(check.examples),
            check.naiveStale);
      }
      List<String> entries = redis.mget(keys(rows, "product:"));
      List<String> naiveEntries = redis.mget(keys(rows, NaiveCache.PREFIX));
      for (int i = 0; i < rows.size(); i++) {
        check.compare(rows.get(i), entries.get(i));
        check.compareNaive(rows.get(i), naiveEntries.get(i));
      }
      after = rows.getLast().id();
    }
  }

  private void compare(Row row, @Nullable String entry) {
    products++;
    String difference = entry == null ? "" : difference(row, entry);
    if (entry == null || entry.startsWith("L")) {
      uncached++;
    } else if (difference.isEmpty()) {
      fresh++;
    } else {
      stale++;
      if (examples.size() < SHOWN) {
        examples.add(row.id() + ": " + difference);
      }
    }
  }

  private static String difference(Row row, String entry) {
    Matcher matcher = ENTRY.matcher(entry);
    if (!matcher.matches()) {
      return "the entry has no known form";
    }
    boolean absent = matcher.group(1).equals("D");
    long version = Long.parseLong(matcher.group(2));
    if (version != row.version()) {
      return "version %d in the cache, %d in the database".formatted(version, row.version());
    }
    if (absent != row.deleted()) {
      return "deleted in only one of cache and database at version " + version;
    }
    return absent || matcher.group(3).equals(row.json())
        ? ""
        : "other content at version " + version;
  }

  private void compareNaive(Row row, @Nullable String entry) {
    if (entry == null) {
      return;
    }
    OptionalLong version = NaiveCache.version(entry);
    if (row.deleted() || version.isEmpty() || version.getAsLong() < row.version()) {
      naiveStale++;
    }
  }

  private static List<Row> page(Jdbi database, String after) {
    return database.withHandle(
        handle ->
            handle
                .createQuery(
                    "select id, version, deleted_at is not null as deleted, product_json(p)::text"
                        + " as json from product p where id collate \"C\" > :after order by id"
                        + " collate \"C\" limit :limit")
                .bind("after", after)
                .bind("limit", BATCH)
                .map(
                    (row, context) ->
                        new Row(
                            row.getString("id"),
                            row.getLong("version"),
                            row.getBoolean("deleted"),
                            row.getString("json")))
                .list());
  }

  private static String[] keys(List<Row> rows, String prefix) {
    return rows.stream().map(row -> prefix + row.id()).toArray(String[]::new);
  }
}
