package dev.tidemark.invalidation;

import dev.tidemark.service.settings.DatabaseUrl;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;

/// Reads products from PostgreSQL, to compare the cache with them. It uses one connection, which it
/// makes when it is first needed and again after a fault. Confined to one thread.
public final class PostgresProducts implements AutoCloseable {

  /// Prefix of the cache's keys of products.
  public static final String KEY_PREFIX = "product:";

  /// Time limit for an answer: more than a short statement takes on a server that works.
  private static final Duration ANSWER = Duration.ofSeconds(10);

  private static final String STATES =
      """
      select p.id, p.version, p.deleted_at is null as live,
             case when p.deleted_at is null then sha256(convert_to(product_json(p)::text, 'UTF8')) end as digest
        from product p
       where p.id = any(:ids)
      """;

  private final PGSimpleDataSource source;
  private @Nullable Handle connection;

  /// Returns the id in a key that has the prefix.
  public static String idOf(String key) {
    return key.substring(KEY_PREFIX.length());
  }

  /// Does not connect yet.
  public PostgresProducts(DatabaseUrl database) {
    this.source = database.dataSource("tidemark-audit");
    if (source.getSocketTimeout() == 0) {
      source.setSocketTimeout(Math.toIntExact(ANSWER.toSeconds()));
    }
    source.setReadOnly(true);
  }

  /// The committed state of a product.
  ///
  /// @param digest SHA-256 of its JSON; empty when it is deleted
  @SuppressWarnings("ArrayRecordComponent") // compared by [#hasDigest] only
  public record State(long version, Optional<byte[]> digest) {

    public boolean isLive() {
      return digest.isPresent();
    }

    public boolean hasDigest(byte[] other) {
      return digest.isPresent() && Arrays.equals(digest.get(), other);
    }
  }

  /// Thrown when there is no reliable answer.
  public static final class Unanswered extends RuntimeException {
    Unanswered(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  /// Returns the states of products by id, without those that never existed. They include all that
  /// was committed before the call.
  ///
  /// @throws Unanswered when the database is away, refuses, or is a standby
  public Map<String, State> states(List<String> ids) {
    try {
      return open()
          .createQuery(STATES)
          // A text in PostgreSQL cannot contain a zero, so no product has such an id.
          .bindArray("ids", String.class, ids.stream().filter(id -> id.indexOf('\0') < 0).toList())
          .map((row, context) -> Map.entry(row.getString("id"), state(row)))
          .stream()
          .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    } catch (JdbiException e) {
      close();
      throw new Unanswered("PostgreSQL does not answer: " + reason(e), e);
    }
  }

  private Handle open() {
    Handle open = connection;
    if (open == null) {
      open = Jdbi.create(source).open();
      connection = open;
      if (open.createQuery("select pg_is_in_recovery()").mapTo(Boolean.class).one()) {
        close();
        throw new Unanswered(
            "DATABASE_URL leads to a standby, which may be behind: the audit needs the primary",
            null);
      }
    }
    return open;
  }

  private static State state(ResultSet row) throws SQLException {
    return new State(row.getLong("version"), Optional.ofNullable(row.getBytes("digest")));
  }

  /// Returns the server's message. Jdbi's own message repeats the statement.
  private static String reason(JdbiException failure) {
    Throwable cause = failure.getCause();
    return String.valueOf(cause == null ? failure.getMessage() : cause.getMessage());
  }

  @Override
  public void close() {
    try (Handle _ = connection) {
      connection = null;
    } catch (JdbiException brokenAnyway) {
      // The fault that broke the connection is the one to report.
    }
  }
}
