package dev.tidemark.db;

import dev.failsafe.Failsafe;
import dev.failsafe.FailsafeException;
import dev.failsafe.RetryPolicy;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.output.MigrateResult;
import org.postgresql.PGConnection;
import org.postgresql.ds.PGSimpleDataSource;

/// Brings a database to the state that the services need, in an order that lets no event be missed:
/// roles, tables, partitions ahead of time, and last the slot, before which no service may write.
/// Every step can be repeated.
public final class Migration {

  /// The slot that the relay reads; from its creation on no event is forgotten.
  public static final String SLOT = "tidemark_relay";

  /// Partitions made ahead. The relay goes on from there; this is how long it may be away.
  public static final int PARTITION_DAYS = 14;

  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);

  /// SQLSTATEs of a server that is not there yet: unreachable, or starting up.
  private static final Set<String> NOT_YET = Set.of("08001", "08004", "08006", "57P03");

  private final PGSimpleDataSource source;
  private final DatabaseUrl database;
  private final Consumer<String> progress;
  private final RelaySlot slot;

  /// @param database reached as a role that may create roles: a superuser, or one with CREATEROLE
  ///   and REPLICATION
  /// @param progress gets one readable line for each step
  public Migration(DatabaseUrl database, Consumer<String> progress) {
    this(database, Optional.empty(), progress);
  }

  /// As the other constructor.
  ///
  /// @param failover whether the slot is to be copied to standbys; empty: as it is, a new one not
  public Migration(DatabaseUrl database, Optional<Boolean> failover, Consumer<String> progress) {
    this.database = database;
    this.source = database.dataSource("tidemark-migrate");
    this.progress = progress;
    this.slot = new RelaySlot(SLOT, failover, progress);
  }

  /// Waits for the server, and then runs all steps.
  ///
  /// @throws SQLException when the server did not answer in time, or refused a step
  public void run(Duration patience, Map<Login, String> passwords) throws SQLException {
    awaitServer(patience);
    try (Connection connection = source.getConnection()) {
      requireLogicalDecoding(connection);
      slot.requireSupport(Integer.parseInt(text(connection, "show server_version_num")));
      createRoles(connection, passwords);
      migrateTables();
      makePartitions(connection);
      slot.make(connection, database.dataSource("tidemark-migrate"));
    }
  }

  /// As [#run(Duration, Map)], with a server that answers already and roles that keep their
  /// passwords.
  public void run() throws SQLException {
    run(Duration.ZERO, Map.of());
  }

  private void awaitServer(Duration patience) throws SQLException {
    RetryPolicy<Object> untilItAnswers =
        RetryPolicy.builder()
            .handleIf(
                fault ->
                    fault instanceof SQLException e
                        && NOT_YET.contains(Objects.toString(e.getSQLState())))
            .withBackoff(FIRST_PAUSE, LONGEST_PAUSE)
            .withMaxAttempts(-1)
            .withMaxDuration(patience.plus(FIRST_PAUSE.multipliedBy(2)))
            .onFailedAttempt(
                attempt -> {
                  if (attempt.getAttemptCount() == 1) {
                    progress.accept("waiting up to " + patience.toSeconds() + " s for " + database);
                  }
                })
            .build();
    try {
      Failsafe.with(untilItAnswers).run(() -> source.getConnection().close());
    } catch (FailsafeException e) {
      if (e.getCause() instanceof SQLException fault) {
        throw fault;
      }
      throw e;
    }
    progress.accept("connected to " + database);
  }

  private static void requireLogicalDecoding(Connection connection) throws SQLException {
    String level = text(connection, "show wal_level");
    if (!level.equals("logical")) {
      throw new SQLException(
          "the server runs with wal_level = "
              + level
              + ", and the relay needs logical:"
              + " set wal_level = logical in postgresql.conf and restart the server");
    }
  }

  private void createRoles(Connection connection, Map<Login, String> passwords)
      throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(resource("/db/roles.sql"));
    }
    PGConnection pg = connection.unwrap(PGConnection.class);
    for (Map.Entry<Login, String> entry : passwords.entrySet()) {
      // Computed here, so that the server sees and logs the verifier, not the password.
      pg.alterUserPassword(entry.getKey().role(), entry.getValue().toCharArray(), "scram-sha-256");
    }
    progress.accept("roles ready, " + passwords.size() + " passwords set");
  }

  private void migrateTables() {
    PGSimpleDataSource ownerSource = database.dataSource("tidemark-migrate");
    ownerSource.setOptions(
        (Objects.requireNonNullElse(ownerSource.getOptions(), "") + " -c role=tidemark_owner")
            .strip());
    MigrateResult result =
        Flyway.configure()
            .dataSource(ownerSource)
            .locations("classpath:db/migration")
            .load()
            .migrate();
    progress.accept(
        result.migrationsExecuted == 0
            ? "tables were up to date"
            : "tables ready, " + result.migrationsExecuted + " migrations applied");
  }

  private void makePartitions(Connection connection) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement("select outbox_partitions_ahead(?)")) {
      statement.setInt(1, PARTITION_DAYS);
      int made = 0;
      int more;
      do {
        try (ResultSet row = statement.executeQuery()) {
          row.next();
          more = row.getInt(1);
          made += more;
        }
      } while (more > 0);
      progress.accept("outbox partitions ready for " + PARTITION_DAYS + " days, " + made + " made");
    }
  }

  private static String text(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getString(1);
    }
  }

  private static String resource(String path) {
    try (InputStream in = Objects.requireNonNull(Migration.class.getResourceAsStream(path), path)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException("cannot read " + path + " from the program's own jar", e);
    }
  }
}
