package dev.tidemark.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.tidemark.embedded.PgBouncer;
import dev.tidemark.embedded.PostgresServer;
import dev.tidemark.service.settings.DatabaseUrl;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

final class MigrationIT {

  @RegisterExtension private static final MigratedDatabase database = new MigratedDatabase();

  @Test
  void aSecondMigrationFindsEverythingDone() throws SQLException {
    List<String> steps = new ArrayList<>();
    new Migration(database.url(), steps::add).run();
    assertThat(steps)
        .containsExactly(
            "connected to " + database.url(),
            "roles ready, 0 passwords set",
            "tables were up to date",
            "outbox partitions ready for 14 days, 0 made",
            "slot tidemark_relay was there");
  }

  @Test
  void twoMigrationsOfANewServerAtOnceBothSucceed(@TempDir Path folder) throws Exception {
    try (PostgresServer server = PostgresServer.start(folder, 0);
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Callable<Boolean> migration =
          () -> {
            new Migration(DatabaseUrl.parse(server.url()), step -> {}).run();
            return true;
          };
      for (var done : threads.invokeAll(List.of(migration, migration, migration))) {
        assertThat(done.get()).isTrue();
      }
    }
  }

  @Test
  void behindAPoolerNothingIsDone_H59(@TempDir Path folder) throws Exception {
    DatabaseUrl url = database.url();
    Optional<PgBouncer> started = PgBouncer.start(folder, database.server(), url.user());
    Assumptions.assumeTrue(started.isPresent(), "this machine has no pgbouncer");
    try (PgBouncer pooler = started.get()) {
      DatabaseUrl behind =
          DatabaseUrl.parse(
              "postgresql://%s@127.0.0.1:%d/%s"
                  .formatted(url.user(), pooler.port(), url.database()));
      assertThatExceptionOfType(SQLException.class)
          .isThrownBy(() -> new Migration(behind, step -> {}).run())
          .withMessageContaining("leads to a connection pooler that shares sessions");
    }
    assertThat(database.texts("select count(*)::text from pg_locks where locktype = 'advisory'"))
        .containsExactly("0");
  }

  @Test
  void theOwnerOwnsEverything() throws SQLException {
    assertThat(
            database.texts(
                "select distinct pg_get_userbyid(relowner) from pg_class"
                    + " where relnamespace = 'public'::regnamespace"))
        .containsExactly("tidemark_owner");
    assertThat(
            database.texts(
                "select distinct pg_get_userbyid(proowner) from pg_proc"
                    + " where pronamespace = 'public'::regnamespace"))
        .containsExactly("tidemark_owner");
  }

  @Test
  void passwordsAreSetAsVerifiers() throws SQLException {
    new Migration(database.url(), step -> {})
        .run(Duration.ZERO, Map.of(Login.AUDIT, "it's a \"secret\""));
    assertThat(
            database.texts(
                "select left(rolpassword, 14) from pg_authid where rolname = 'tidemark_audit'"))
        .containsExactly("SCRAM-SHA-256$");
  }

  @Test
  void theSlotOfAnotherDatabaseIsNotTakenForOurs() throws SQLException {
    database.execute("create database other");
    DatabaseUrl other = DatabaseUrl.parse(database.server().url().replace("/tidemark", "/other"));
    assertThatExceptionOfType(SQLException.class)
        .isThrownBy(() -> new Migration(other, step -> {}).run())
        .withMessageContaining("slot tidemark_relay for database tidemark");
  }

  @Test
  void aServerThatComesLateIsWaitedFor(@TempDir Path folder) throws Exception {
    PostgresServer server = PostgresServer.start(folder, 0);
    DatabaseUrl url = DatabaseUrl.parse(server.url());
    server.stop();
    List<String> steps = new ArrayList<>();
    try (server;
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Migration migration =
          new Migration(
              url,
              step -> {
                steps.add(step);
                if (step.startsWith("waiting")) {
                  threads.execute(server::restart);
                }
              });
      migration.run(Duration.ofSeconds(60), Map.of());
    }
    assertThat(steps.getFirst()).isEqualTo("waiting up to 60 s for " + url);
    assertThat(steps.getLast()).isEqualTo("slot tidemark_relay created");
  }

  @Test
  void aServerThatDoesNotComeIsTold() {
    DatabaseUrl nobody = DatabaseUrl.parse("postgresql://postgres@127.0.0.1:1/tidemark");
    assertThatExceptionOfType(SQLException.class)
        .isThrownBy(() -> new Migration(nobody, step -> {}).run())
        .withMessageContaining("127.0.0.1:1");
  }

  @Test
  void aPublishedRowGoesOutUnderTheRootTablesName() throws SQLException {
    try (Connection connection = database.connect()) {
      MigratedDatabase.execute(
          connection, "select pg_create_logical_replication_slot('reader', 'pgoutput', true)");
      MigratedDatabase.execute(
          connection,
          "insert into product (id, name, price, currency) values ('pub', 'P', 1, 'EUR')");
      MigratedDatabase.execute(connection, "update product set price = 2 where id = 'pub'");
      assertThat(Publication.inserts(connection, "reader")).containsExactly("outbox", "outbox");
    }
  }
}
