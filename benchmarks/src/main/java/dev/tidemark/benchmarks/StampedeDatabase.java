package dev.tidemark.benchmarks;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.tidemark.cache.store.CachedValue;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;

/// Products for a stampede, in a real PostgreSQL that counts the reads itself: the query that reads
/// a row also draws from a sequence, which no rollback undoes. Thread-safe.
final class StampedeDatabase implements AutoCloseable {

  private static final int CONNECTIONS = 10;

  private static final String SCHEMA =
      """
      create table product (id text primary key, version bigint not null, payload bytea not null);
      create sequence product_reads
      """;

  private static final String FILL =
      """
      insert into product
        select i::text, 1, decode(repeat('7b', ?), 'hex') from generate_series(1, 1000) i
      """;

  /// Query of a read. A sleep of 0 returns at once.
  private static final String READ =
      "select version, payload, nextval('product_reads'), pg_sleep(?) from product where id = ?";

  private static final String DRAW = "select nextval('product_reads')";

  private final HikariDataSource pool;
  private final Duration queryTime;

  private StampedeDatabase(HikariDataSource pool, Duration queryTime) {
    this.pool = pool;
    this.queryTime = queryTime;
  }

  /// @param queryTime what a read takes on top of finding one row by its key
  static StampedeDatabase open(String url, Duration queryTime) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(url);
    config.setMaximumPoolSize(CONNECTIONS);
    return new StampedeDatabase(new HikariDataSource(config), queryTime);
  }

  static void create(String url, int payload) throws SQLException {
    try (Connection connection = DriverManager.getConnection(url);
        Statement schema = connection.createStatement()) {
      schema.execute(SCHEMA);
      try (PreparedStatement fill = connection.prepareStatement(FILL)) {
        fill.setInt(1, payload);
        fill.execute();
      }
    }
  }

  CachedValue.Present read(String id) throws SQLException {
    try (Connection connection = pool.getConnection();
        PreparedStatement statement = connection.prepareStatement(READ)) {
      statement.setDouble(1, queryTime.toNanos() / 1e9);
      statement.setString(2, id);
      try (ResultSet row = statement.executeQuery()) {
        if (!row.next()) {
          throw new SQLException("there is no product " + id);
        }
        return new CachedValue.Present(row.getLong(1), row.getBytes(2));
      }
    }
  }

  /// Draws a number as a read does: the difference of two draws is the number of reads in between,
  /// and 1.
  long draw() throws SQLException {
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(DRAW)) {
      row.next();
      return row.getLong(1);
    }
  }

  @Override
  public void close() {
    pool.close();
  }
}
