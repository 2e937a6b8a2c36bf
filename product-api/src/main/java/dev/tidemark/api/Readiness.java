package dev.tidemark.api;

import dev.tidemark.api.http.Admission;
import dev.tidemark.api.product.CachedProduct;
import dev.tidemark.api.store.ConnectionPool;
import dev.tidemark.api.store.DatabaseFault;
import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.cache.store.EntryStoreException;
import io.helidon.health.HealthCheck;
import io.helidon.health.HealthCheckResponse;
import io.helidon.health.HealthCheckType;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import javax.sql.DataSource;

/// One reason for or against sending requests here.
///
/// @param ask asks now, and answers in words
public record Readiness(String name, Supplier<Answer> ask) implements HealthCheck {

  record Answer(boolean ready, String reason) {}

  private static final int DATABASE_SECONDS = 1;

  /// A service that is about to stop wants no new requests.
  static Readiness serving(BooleanSupplier draining) {
    return new Readiness(
        "serving",
        () ->
            draining.getAsBoolean()
                ? new Answer(false, "draining: the service is about to stop")
                : new Answer(true, "serving"));
  }

  /// So long may all requests that the service takes be under way before it is said that it takes
  /// no more.
  private static final Duration LONGEST_FULL = Duration.ofSeconds(10);

  /// Where nothing is taken on any more, nothing is served, whatever else is well.
  public static Readiness admission(Admission admission) {
    return new Readiness(
        "admission",
        () ->
            admission
                .full()
                .filter(full -> full.compareTo(LONGEST_FULL) > 0)
                .map(
                    full ->
                        new Answer(
                            false,
                            "no request was taken on for %d seconds: as many as TIDEMARK_API_REQUESTS allows are under way"
                                .formatted(full.toSeconds())))
                .orElse(new Answer(true, "requests are taken on")));
  }

  /// Writes need the database, and so do reads that miss.
  static Readiness database(DataSource database) {
    return new Readiness(
        "database",
        () -> {
          try (Connection connection = database.getConnection()) {
            return connection.isValid(DATABASE_SECONDS)
                ? new Answer(true, "answers")
                : new Answer(false, "does not answer; only reads that hit the cache work");
          } catch (SQLException e) {
            if (DatabaseFault.isStandby(e)) {
              return new Answer(false, ConnectionPool.STANDBY);
            }
            // The pool tells only that it has none; what went wrong with the last one lies beneath.
            Throwable fault = e.getCause() == null ? e : e.getCause();
            return new Answer(
                false, "no connection; only reads that hit the cache work: " + fault.getMessage());
          }
        });
  }

  /// Without Redis the service works on, only slower: no reason to send requests elsewhere.
  static Readiness redis(RedisConnection redis) {
    return new Readiness(
        "redis",
        () -> {
          try {
            redis.ping();
            redis.tryEviction(CachedProduct.NO_PRODUCT);
            return new Answer(true, "answers, and takes evictions");
          } catch (EntryStoreException e) {
            return new Answer(true, "degraded, all reads go to the database: " + e.getMessage());
          }
        });
  }

  /// Without its near cache the service works on, only slower.
  static Readiness nearCache(Supplier<String> state) {
    return new Readiness("near-cache", () -> new Answer(true, state.get()));
  }

  @Override
  public HealthCheckType type() {
    return HealthCheckType.READINESS;
  }

  @Override
  public HealthCheckResponse call() {
    Answer answer = ask.get();
    return HealthCheckResponse.builder()
        .status(answer.ready())
        .detail("reason", answer.reason())
        .build();
  }
}
