package dev.tidemark.benchmarks;

import dev.failsafe.Failsafe;
import dev.failsafe.RetryPolicy;
import dev.tidemark.db.Migration;
import dev.tidemark.embedded.PostgresServer;
import dev.tidemark.service.settings.DatabaseUrl;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;

/// The outbox of a real database, as `tidemark migrate` creates it, with a slot for each side.
/// Confined to one thread.
final class OutboxTable implements AutoCloseable {

  static final String PUBLICATION = "tidemark_outbox";

  /// Role with which every side reads the log.
  static final String READER = "tidemark_relay";

  private static final String WRITE_ONE =
      """
      insert into outbox (aggregatetype, aggregateid, version, type, payload)
      values ('product', ?, 1, 'product.created', json_build_object('id', ?::text, 'version', 1))
      """;

  /// Retries: a slot can be dropped once its reader is gone, which the server may notice a moment
  /// later.
  private static final RetryPolicy<Object> UNTIL_FREE =
      RetryPolicy.builder()
          .handle(SQLException.class)
          .withDelay(Duration.ofMillis(100))
          .withMaxRetries(100)
          .build();

  private final Connection connection;
  private final PreparedStatement one;

  private OutboxTable(Connection connection) throws SQLException {
    this.connection = connection;
    this.one = connection.prepareStatement(WRITE_ONE);
  }

  static OutboxTable create(PostgresServer postgres) throws SQLException {
    new Migration(DatabaseUrl.from(Map.of("DATABASE_URL", postgres.url())), _ -> {}).run();
    OutboxTable table = new OutboxTable(DriverManager.getConnection(postgres.jdbcUrl()));
    table.dropSlot(Migration.SLOT);
    // It would run at any time, during one side and not during another.
    table.execute("alter system set autovacuum = off");
    table.execute("select pg_reload_conf()");
    return table;
  }

  void clear() throws SQLException {
    execute("truncate outbox");
  }

  void createSlot(String name) throws SQLException {
    execute("select pg_create_logical_replication_slot('%s', 'pgoutput')".formatted(name));
  }

  void dropSlot(String name) {
    Failsafe.with(UNTIL_FREE)
        .run(() -> execute("select pg_drop_replication_slot('%s')".formatted(name)));
  }

  /// @param rowsPerTransaction the last transaction may have fewer
  /// @param textBytes what a row's payload has beside the few bytes of its id and version
  void write(Backlog backlog, int rowsPerTransaction, int textBytes) throws SQLException {
    execute("set synchronous_commit = off");
    execute(
        """
        do $$ begin
          for i in 0 .. %1$d - 1 by %2$d loop
            insert into outbox (aggregatetype, aggregateid, version, type, payload, traceparent)
            select 'product', '%4$s' || n %% %3$d, n / %3$d + 1, 'product.updated',
                   json_build_object('id', '%4$s' || n %% %3$d, 'version', n / %3$d + 1,
                                     'text', left(repeat(md5(n::text), %5$d / 32 + 1), %5$d)),
                   '00-' || md5(n::text) || '-' || left(md5(n::text), 16) || '-01'
              from generate_series(i, least(i + %2$d, %1$d) - 1) n;
            commit;
          end loop;
        end $$
        """
            .formatted(
                backlog.warmUpRows() + backlog.rows(),
                rowsPerTransaction,
                backlog.aggregates(),
                backlog.prefix(),
                textBytes));
    execute("reset synchronous_commit");
    execute("checkpoint");
  }

  /// Commits one row.
  void write(String aggregateId) throws SQLException {
    one.setString(1, aggregateId);
    one.setString(2, aggregateId);
    one.executeUpdate();
  }

  private void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
