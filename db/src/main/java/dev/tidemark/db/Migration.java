package dev.tidemark.db;

import dev.failsafe.Failsafe;
import dev.failsafe.FailsafeException;
import dev.failsafe.RetryPolicy;
import dev.tidemark.service.settings.DatabaseUrl;
import dev.tidemark.service.settings.Pooler;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.output.MigrateResult;
import org.postgresql.PGConnection;
import org.postgresql.ds.PGSimpleDataSource;

/// Brings a database to the state that the services need, in an order in which no event is lost:
/// roles, tables, partitions ahead of time, and last the slot. Before the slot exists no service
/// may write. Every step can be repeated.
public final class Migration {

  /// Slot that the relay reads. From its creation on no event is lost.
  public static final String SLOT = "tidemark_relay";

  static final String DEFAULT_SCHEMA = "public";

  /// Number of partitions created ahead. The relay continues from there, so this limits how long it
  /// may be away.
  public static final int PARTITION_DAYS = 14;

  /// Table with the history of these migrations. Flyway's own default name is left to the service
  /// that the database may belong to.
  private static final String HISTORY = "tidemark_schema_history";

  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);

  /// SQLSTATEs of a server that is not ready yet: unreachable, or starting up.
  private static final Set<String> NOT_YET = Set.of("08001", "08004", "08006", "57P03");

  private final PGSimpleDataSource source;
  private final DatabaseUrl database;
  private final String schema;
  private final Consumer<String> progress;
  private final RelaySlot slot;

  /// @param database reached as a role that may create roles: a superuser, or one with CREATEROLE
  ///   and REPLICATION
  /// @param progress gets one readable line for each step
  public Migration(DatabaseUrl database, Consumer<String> progress) {
    this(database, DEFAULT_SCHEMA, Optional.empty(), progress);
  }

  /// Creates a migration as the other constructor does.
  ///
  /// @param failover whether the slot is to be copied to standbys; empty: as it is, a new one not
  public Migration(DatabaseUrl database, Optional<Boolean> failover, Consumer<String> progress) {
    this(database, DEFAULT_SCHEMA, failover, progress);
  }

  /// Creates a migration as the other constructors do.
  ///
  /// @param schema where the tables are, or are made
  Migration(
      DatabaseUrl database, String schema, Optional<Boolean> failover, Consumer<String> progress) {
    this.database = database;
    this.schema = schema;
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
      Pooler.refuseShared(connection, source);
      requireLogicalDecoding(connection);
      slot.requireSupport(Integer.parseInt(text(connection, "show server_version_num")));
      // One migration at a time, until this connection ends.
      text(connection, "select pg_advisory_lock(hashtextextended('tidemark migrate', 0))");
      requirePrerequisites(connection);
      createRoles(connection, passwords);
      migrateTables(connection);
      makePartitions(connection);
      slot.make(connection, database.dataSource("tidemark-migrate"));
    }
  }

  /// Returns the SQL with which an administrator prepares the database for a migrating role that
  /// may create neither roles nor slots. It is safe to repeat.
  static String preparation(String migrator, String schema) {
    return "-- Run this in the database to migrate, as a superuser or the managed service's"
        + " administrator.\n"
        + sql("/db/roles.sql", schema).replace("${migrator}", literal(migrator));
  }

  /// Runs all steps as [#run(Duration, Map)] does, with a server that answers already and roles
  /// that keep their passwords.
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

  private void requirePrerequisites(Connection connection) throws SQLException {
    List<String> faults = new ArrayList<>();
    boolean byAdministrator = false;
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql("/db/prerequisites.sql", schema))) {
      while (row.next()) {
        faults.add(row.getString("fault"));
        byAdministrator |= row.getBoolean("by_administrator");
      }
    }
    if (byAdministrator) {
      faults.add(
          "an administrator prepares the database with what `tidemark migrate --print-sql` prints;"
              + " then run migrate again");
    }
    if (!faults.isEmpty()) {
      throw new SQLException(String.join("\n  ", faults));
    }
  }

  private void createRoles(Connection connection, Map<Login, String> passwords)
      throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          sql("/db/roles.sql", schema)
              .replace("${migrator}", literal(text(connection, "select current_user"))));
    }
    PGConnection pg = connection.unwrap(PGConnection.class);
    for (Map.Entry<Login, String> entry : passwords.entrySet()) {
      // Computed here, so that the server sees and logs the verifier, not the password.
      pg.alterUserPassword(entry.getKey().role(), entry.getValue().toCharArray(), "scram-sha-256");
    }
    progress.accept("roles ready, " + passwords.size() + " passwords set");
  }

  private void migrateTables(Connection connection) throws SQLException {
    PGSimpleDataSource ownerSource = database.dataSource("tidemark-migrate");
    ownerSource.setOptions(
        (Objects.requireNonNullElse(ownerSource.getOptions(), "") + " -c role=tidemark_owner")
            .strip());
    Flyway flyway =
        Flyway.configure()
            .dataSource(ownerSource)
            .locations("classpath:db/migration")
            .table(HISTORY)
            .defaultSchema(schema)
            .schemas(schema)
            .createSchemas(false)
            .placeholders(Map.of("schema", schema))
            // Other tables may be there. A database without this history has none of these.
            .baselineOnMigrate(true)
            .baselineVersion("0")
            // All of the migrations are applied, or none.
            .group(true)
            .load();
    if (adoptHistory(connection)) {
      flyway.repair();
    }
    MigrateResult result = flyway.migrate();
    progress.accept(
        result.migrationsExecuted == 0
            ? "tables were up to date"
            : "tables ready, " + result.migrationsExecuted + " migrations applied");
  }

  /// Takes over the history that a Tidemark before [#HISTORY] kept under Flyway's default name.
  ///
  /// @return whether there was one; its checksums are those of other files
  private boolean adoptHistory(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      boolean isThere =
          text(
                  connection,
                  "select to_regclass('public.%s') is null and exists (select from pg_class where oid = to_regclass('public.flyway_schema_history') and relowner = 'tidemark_owner'::regrole)"
                      .formatted(HISTORY))
              .equals("t");
      if (isThere) {
        statement.execute(
            """
            set role tidemark_owner;
            alter table public.flyway_schema_history rename to %1$s;
            alter index public.flyway_schema_history_pk rename to %1$s_pk;
            alter index public.flyway_schema_history_s_idx rename to %1$s_s_idx;
            reset role
            """
                .formatted(HISTORY));
        progress.accept("history of migrations renamed to " + HISTORY);
      }
      return isThere;
    }
  }

  private void makePartitions(Connection connection) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement("select %s.outbox_partitions_ahead(?)".formatted(schema))) {
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

  private static String sql(String path, String schema) {
    return resource(path).replace("${schema}", literal(schema));
  }

  private static String literal(String text) {
    return "'" + text.replace("'", "''") + "'";
  }

  private static String resource(String path) {
    try (InputStream in = Objects.requireNonNull(Migration.class.getResourceAsStream(path), path)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException("cannot read " + path + " from the program's own jar", e);
    }
  }
}
