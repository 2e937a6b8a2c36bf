package dev.tidemark.cache;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.cache.redis.RedisSettings;
import dev.tidemark.cache.store.CachedValue;
import io.opentelemetry.api.OpenTelemetry;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/// A process of readers, for [StampedeIT]. For each line with a key it brings its readers to the
/// start and writes `ready`; at the next line all read the key at once, and it writes the versions
/// that they got, in order and without repeats. It ends with its input.
final class ReaderProcess {

  /// Time limit that is so long that no timeout affects the test, on however slow a machine.
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  static final RedisSettings REDIS = new RedisSettings(PATIENCE, PATIENCE, PATIENCE, 64);
  private static final CacheSettings CACHE =
      CacheSettings.defaults().withLease(PATIENCE.multipliedBy(2), PATIENCE);

  /// Query that reads a row, and counts the read so that it cannot be lost.
  private static final String READ =
      "select version, payload, nextval('product_reads') from product where key = ?";

  private ReaderProcess() {}

  /// Runs the readers. Arguments: the addresses of Redis and of the database, and the number of
  /// readers.
  public static void main(String[] arguments) throws Exception {
    String database = arguments[1];
    int readers = Integer.parseInt(arguments[2]);
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, UTF_8));
    try (RedisConnection redis = RedisConnection.open(arguments[0], REDIS)) {
      VersionedCache cache = cache(redis);
      for (String key = in.readLine(); key != null; key = in.readLine()) {
        CountDownLatch go = new CountDownLatch(1);
        List<Future<Long>> reads = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
          CountDownLatch atTheStart = new CountDownLatch(readers);
          for (int i = 0; i < readers; i++) {
            String asked = key;
            reads.add(
                threads.submit(
                    () -> {
                      atTheStart.countDown();
                      go.await();
                      return read(cache, database, asked).version();
                    }));
          }
          atTheStart.await();
          System.out.println("ready");
          in.readLine();
          go.countDown();
        }
        System.out.println(reads.stream().map(Future::resultNow).sorted().distinct().toList());
      }
    }
  }

  static VersionedCache cache(RedisConnection redis) {
    return new VersionedCache(redis.entries(), CACHE, OpenTelemetry.noop().getMeter("test"));
  }

  static CachedValue read(VersionedCache cache, String database, String key) {
    return cache.read(key, ReadOption.eventual(), () -> row(database, key)).value();
  }

  private static CachedValue row(String database, String key) throws Exception {
    try (Connection connection = DriverManager.getConnection(database);
        PreparedStatement statement = connection.prepareStatement(READ)) {
      statement.setString(1, key);
      try (ResultSet row = statement.executeQuery()) {
        return row.next()
            ? new CachedValue.Present(row.getLong(1), row.getBytes(2))
            : new CachedValue.Absent(0);
      }
    }
  }
}
