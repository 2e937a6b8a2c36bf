package dev.tidemark.api.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import dev.tidemark.service.settings.DatabaseUrl;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.Meter;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import javax.sql.DataSource;
import org.postgresql.ds.PGSimpleDataSource;

/// Connections of the service to PostgreSQL.
public final class ConnectionPool {

  /// Longest wait of a request for a connection, before the client is asked to come back.
  private static final Duration WAIT = Duration.ofSeconds(1);

  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);

  /// Time limit of a statement in the server. The driver gives up a silent server a little later.
  private static final Duration STATEMENT_TIMEOUT = Duration.ofSeconds(10);

  /// Settings of the server's session. Every statement of this service finds its rows by key. A
  /// plan that was made and kept while the table was small must not read the whole table when it
  /// has grown.
  private static final String SERVER_SETTINGS =
      "-c statement_timeout=" + STATEMENT_TIMEOUT.toMillis() + " -c enable_seqscan=off";

  public static final String STANDBY =
      "DATABASE_URL leads to a standby (a server in recovery), which may be behind: the API needs the primary";

  /// Statement that refuses a standby. A server that was demoted has restarted, so each connection
  /// to it is a new one.
  private static final String REFUSE_STANDBY =
      """
      do $$
      begin
        if pg_is_in_recovery() then
          raise read_only_sql_transaction using message = '%s';
        end if;
      end
      $$
      """
          .formatted(STANDBY);

  private static final Duration SOCKET_TIMEOUT = Duration.ofSeconds(15);

  private static final AttributeKey<String> NAME =
      AttributeKey.stringKey("db.client.connection.pool.name");
  private static final AttributeKey<String> STATE =
      AttributeKey.stringKey("db.client.connection.state");

  private ConnectionPool() {}

  /// Creates a pool that opens connections when the database is there, now or later. It has none to
  /// a standby.
  public static HikariDataSource create(DatabaseUrl url, int size) {
    PGSimpleDataSource source = url.dataSource("tidemark-product-api");
    if (source.getSocketTimeout() == 0) {
      source.setSocketTimeout((int) SOCKET_TIMEOUT.toSeconds());
    }
    source.setConnectTimeout((int) CONNECT_TIMEOUT.toSeconds());
    source.setTcpKeepAlive(true);
    if (source.getOptions() == null) {
      source.setOptions(SERVER_SETTINGS);
    }
    HikariConfig config = new HikariConfig();
    config.setPoolName("product-api");
    config.setDataSource(source);
    config.setConnectionInitSql(REFUSE_STANDBY);
    config.setMaximumPoolSize(size);
    config.setConnectionTimeout(WAIT.toMillis());
    config.setValidationTimeout(WAIT.toMillis());
    config.setInitializationFailTimeout(-1);
    return new HikariDataSource(config);
  }

  /// Refuses to begin on a standby. A database that does not answer may do so later.
  ///
  /// @throws IllegalStateException when the database is a standby
  public static void refuseStandby(DataSource pool) {
    try (Connection _ = pool.getConnection()) {
      // A connection is all that is needed.
    } catch (SQLException e) {
      if (DatabaseFault.isStandby(e)) {
        throw new IllegalStateException(STANDBY, e);
      }
    }
  }

  /// Registers gauges by OpenTelemetry's semantic conventions for connection pools.
  public static void measure(HikariDataSource pool, Meter meter) {
    Attributes idle = attributes(pool, "idle");
    Attributes used = attributes(pool, "used");
    Attributes all = Attributes.of(NAME, pool.getPoolName());
    meter
        .upDownCounterBuilder("db.client.connection.count")
        .setUnit("{connection}")
        .buildWithCallback(
            count -> {
              HikariPoolMXBean now = pool.getHikariPoolMXBean();
              count.record(now.getIdleConnections(), idle);
              count.record(now.getActiveConnections(), used);
            });
    meter
        .upDownCounterBuilder("db.client.connection.max")
        .setUnit("{connection}")
        .buildWithCallback(count -> count.record(pool.getMaximumPoolSize(), all));
    meter
        .upDownCounterBuilder("db.client.connection.pending_requests")
        .setUnit("{request}")
        .buildWithCallback(
            count -> count.record(pool.getHikariPoolMXBean().getThreadsAwaitingConnection(), all));
  }

  private static Attributes attributes(HikariDataSource pool, String state) {
    return Attributes.of(NAME, pool.getPoolName(), STATE, state);
  }
}
