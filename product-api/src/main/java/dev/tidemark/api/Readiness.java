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

  /// Answer to the question.
  ///
  /// @param degraded whether the service works without it, though slower
  record Answer(boolean ready, boolean degraded, String reason) {
    Answer(boolean ready, String reason) {
      this(ready, false, reason);
    }
  }

  static final String REDIS = "redis";
  private static final int DATABASE_SECONDS = 1;

  /// Returns the readiness of a service that is not about to stop: one that is wants no new
  /// requests.
  static Readiness serving(BooleanSupplier draining) {
    return new Readiness(
        "serving",
        () ->
            draining.getAsBoolean()
                ? new Answer(false, "draining: the service is about to stop")
                : new Answer(true, "serving"));
  }

  /// Longest time for which all requests that the service accepts may be in progress before the
  /// service reports that it accepts no more.
  private static final Duration LONGEST_FULL = Duration.ofSeconds(10);

  /// Returns the readiness of the admission: a service that accepts no requests serves nothing,
  /// whatever else works.
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

  /// Returns the readiness of the database, which writes need, and reads that miss.
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
            // The pool reports only that it has none. The fault of the last one lies beneath.
            Throwable fault = e.getCause() == null ? e : e.getCause();
            return new Answer(
                false, "no connection; only reads that hit the cache work: " + fault.getMessage());
          }
        });
  }

  /// Returns the readiness of Redis. Without it the service only becomes slower, which is no reason
  /// to send requests elsewhere.
  static Readiness redis(RedisConnection redis) {
    return new Readiness(
        REDIS,
        () -> {
          try {
            redis.ping();
            redis.tryEviction(CachedProduct.NO_PRODUCT);
            return new Answer(true, "answers, and takes evictions");
          } catch (EntryStoreException e) {
            return new Answer(
                true, true, "degraded, all reads go to the database: " + e.getMessage());
          }
        });
  }

  /// Returns the readiness of the near cache. Without it the service only becomes slower.
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
