package dev.tidemark.relay.checks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.tidemark.db.Migration;
import dev.tidemark.embedded.PgBouncer;
import dev.tidemark.embedded.PostgresServer;
import dev.tidemark.relay.SharedServers;
import dev.tidemark.relay.status.Finding;
import dev.tidemark.relay.status.Finding.Severity;
import dev.tidemark.service.settings.DatabaseUrl;
import dev.tidemark.service.settings.Pooler;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.postgresql.ds.PGSimpleDataSource;

@ExtendWith(SharedServers.class)
class DatabaseCheckIT {
  private static final Duration SOON = Duration.ofSeconds(30);

  private static PostgresServer postgres;
  private static DatabaseUrl url;
  private static Jdbi database;

  @BeforeAll
  static void prepare(PostgresServer server) throws SQLException {
    postgres = server;
    url = DatabaseUrl.parse(postgres.url());
    database = Jdbi.create(postgres.jdbcUrl());
    new Migration(url, line -> {}).run();
  }

  @Test
  void migratedDatabaseIsAsTheRelayNeedsIt() {
    assertThat(findings()).isEmpty();
  }

  static Stream<Arguments> faults() {
    var tomorrow =
        "outbox_" + LocalDate.now(ZoneOffset.UTC).plusDays(1).toString().replace("-", "");
    var publication = "alter publication tidemark_outbox ";
    return Stream.of(
        arguments(
            "alter role tidemark_relay noreplication",
            "alter role tidemark_relay replication",
            Severity.ERROR,
            "role tidemark_relay may not replicate: alter role tidemark_relay replication"),
        arguments(
            "revoke select on outbox from tidemark_relay",
            "grant select on outbox to tidemark_relay",
            Severity.WARNING,
            "may not read the table outbox: grant select on outbox to tidemark_relay"),
        arguments(
            "revoke execute on function outbox_partitions_ahead(integer) from tidemark_relay",
            "grant execute on function outbox_partitions_ahead(integer) to tidemark_relay",
            Severity.WARNING,
            "may not make partitions of the outbox"),
        arguments(
            "revoke execute on function outbox_partitions() from tidemark_relay",
            "grant execute on function outbox_partitions() to tidemark_relay",
            Severity.WARNING,
            "may not remove old partitions of the outbox"),
        arguments(
            "alter function outbox_remove_expired(name, interval) rename to elsewhere",
            "alter function elsewhere(name, interval) rename to outbox_remove_expired",
            Severity.WARNING,
            "has no function outbox_remove_expired: run `tidemark migrate`"),
        arguments(
            "alter table outbox detach partition %s".formatted(tomorrow),
            "drop table %s; select outbox_partitions_ahead(14)".formatted(tomorrow),
            Severity.WARNING,
            "no partition for today, tomorrow or the day after"),
        arguments(
            "insert into outbox (aggregatetype, aggregateid, version, type, payload, occurred_at)"
                + " values ('t', 't', 1, 't.t', '{}', '1999-12-31')",
            "delete from outbox",
            Severity.WARNING,
            "rows are in the default partition of the outbox"),
        arguments(
            "revoke execute on function pg_logical_emit_message(boolean, text, text, boolean) from"
                + " public",
            "grant execute on function pg_logical_emit_message(boolean, text, text, boolean) to"
                + " public",
            Severity.ERROR,
            "may not call pg_logical_emit_message(boolean,text,text,boolean)"),
        arguments(
            "alter table outbox rename to elsewhere",
            "alter table elsewhere rename to outbox",
            Severity.ERROR,
            "there is no table outbox"),
        arguments(
            "drop publication tidemark_outbox",
            "create publication tidemark_outbox for table outbox with (publish = 'insert',"
                + " publish_via_partition_root = true)",
            Severity.ROWS_PASS_BY,
            "there is no publication tidemark_outbox: create publication"),
        arguments(
            publication + "set (publish = 'update')",
            publication + "set (publish = 'insert')",
            Severity.ROWS_PASS_BY,
            "does not publish inserts"),
        arguments(
            publication + "set (publish = 'insert, update')",
            publication + "set (publish = 'insert')",
            Severity.WARNING,
            "publishes more than inserts"),
        arguments(
            publication
                + "set (publish = 'insert, delete'); alter table outbox_default replica identity"
                + " nothing",
            publication
                + "set (publish = 'insert'); alter table outbox_default replica identity default",
            Severity.WARNING,
            "1 of its tables or partitions have no replica identity"),
        arguments(
            publication + "set (publish_via_partition_root = false)",
            publication + "set (publish_via_partition_root = true)",
            Severity.ROWS_PASS_BY,
            "publishes partitions under their own names"),
        arguments(
            publication + "set table product",
            publication + "set table outbox",
            Severity.ROWS_PASS_BY,
            "does not contain the table outbox"),
        arguments(
            publication + "set table outbox where (version > 5)",
            publication + "set table outbox",
            Severity.ROWS_PASS_BY,
            "publishes a part of the outbox only"),
        arguments(
            publication + "set table outbox (id, payload)",
            publication + "set table outbox",
            Severity.ROWS_PASS_BY,
            "publishes a part of the outbox only"),
        arguments(
            publication + "add table product",
            publication + "drop table product",
            Severity.WARNING,
            "contains tables beside the outbox"),
        arguments(
            "select pg_drop_replication_slot('tidemark_relay')",
            "select pg_create_logical_replication_slot('tidemark_relay', 'pgoutput')",
            Severity.SLOT_GONE,
            "there is no replication slot tidemark_relay"),
        arguments(
            "revoke temporary on database tidemark from public",
            "grant temporary on database tidemark to public",
            Severity.WARNING,
            "may not make temporary tables: grant temporary on database tidemark to"
                + " tidemark_relay"),
        arguments(
            "alter system set max_slot_wal_keep_size = '64MB'; select pg_reload_conf()",
            "alter system reset max_slot_wal_keep_size; select pg_reload_conf()",
            Severity.WARNING,
            "max_slot_wal_keep_size is 64MB, below max_wal_size (1GB)"),
        arguments(
            "alter system set idle_replication_slot_timeout = '1h'; select pg_reload_conf()",
            "alter system reset idle_replication_slot_timeout; select pg_reload_conf()",
            Severity.WARNING,
            "idle_replication_slot_timeout is 1h: set it to 0"));
  }

  @ParameterizedTest
  @MethodSource("faults")
  void faultIsFoundAndGoneWhenPutRight(
      String fault, String repair, Severity severity, String text) {
    execute(fault);
    try {
      awaitFinding("tidemark_relay", severity, text);
    } finally {
      execute(repair);
    }
    await().atMost(SOON).untilAsserted(() -> assertThat(findings()).isEmpty());
  }

  @Test
  void slotOfAnotherDatabaseIsAnError() {
    execute("create database other");
    Jdbi.create(postgres.jdbcUrl().replace("/tidemark", "/other"))
        .useHandle(h -> h.execute("select pg_create_logical_replication_slot('far', 'pgoutput')"));

    awaitFinding("far", Severity.ERROR, "slot far belongs to database other");
  }

  @Test
  void slotThatTheServerKeepsMuchLogForIsAWarning_H28() {
    execute("select pg_create_logical_replication_slot('slow', 'pgoutput')");
    execute("alter system set max_wal_size = '32MB'; select pg_reload_conf()");

    fillSegments(6);

    awaitFinding("slow", Severity.WARNING, "wal_status of replication slot slow is extended");
    execute("alter system reset max_wal_size; select pg_reload_conf()");
    execute("select pg_drop_replication_slot('slow')");
  }

  @Test
  void slotThatTheNextCheckpointMayTakeIsAWarningAndOneThatIsGoneAnError_H28() {
    execute("select pg_create_logical_replication_slot('late', 'pgoutput')");
    execute("alter system set max_slot_wal_keep_size = '1MB'; select pg_reload_conf()");

    fillSegments(6);

    awaitFinding("late", Severity.WARNING, "wal_status of replication slot late is unreserved");
    execute("checkpoint");
    awaitFinding("late", Severity.SLOT_GONE, "replication slot late is invalidated");
    execute("alter system reset max_slot_wal_keep_size; select pg_reload_conf()");
    execute("select pg_drop_replication_slot(slot_name) from pg_replication_slots");
    execute("select pg_create_logical_replication_slot('tidemark_relay', 'pgoutput')");
  }

  @Test
  void serverWithoutLogicalDecodingIsAnError(@TempDir Path other) {
    try (var server =
        PostgresServer.start(other, 0, Map.of("wal_level", "replica", "fsync", "off"))) {
      var check =
          new DatabaseCheck(DatabaseUrl.parse(server.url()).dataSource("it"), "tidemark_relay");

      assertThat(check.findings())
          .filteredOn(Finding::isError)
          .extracting(Finding::text)
          .anySatisfy(
              text -> assertThat(text).startsWith("wal_level is replica: set wal_level = logical"));
    }
  }

  @Test
  void serverThatDoesNotAnswerIsAnError() {
    var nobody = DatabaseUrl.parse("postgresql://relay@127.0.0.1:1/tidemark");

    assertThat(new DatabaseCheck(nobody.dataSource("it"), "tidemark_relay").findings())
        .singleElement()
        .satisfies(finding -> assertThat(finding.isError()).isTrue())
        .satisfies(finding -> assertThat(finding.text()).contains("PostgreSQL does not answer"));
  }

  @Test
  void aPoolerIsNamed_H59(@TempDir Path own) throws IOException {
    Optional<PgBouncer> started = PgBouncer.start(own, postgres, "tidemark_relay");
    Assumptions.assumeTrue(started.isPresent(), "this machine has no pgbouncer");
    try (PgBouncer pooler = started.get()) {
      DatabaseUrl behind =
          DatabaseUrl.parse(
              "postgresql://tidemark_relay@127.0.0.1:%d/%s"
                  .formatted(pooler.port(), url.database()));
      assertThat(new DatabaseCheck(behind.dataSource("it"), "tidemark_relay").findings())
          .first()
          .satisfies(
              finding -> {
                assertThat(finding.severity()).isEqualTo(Severity.ERROR);
                assertThat(finding.text())
                    .contains("leads to a connection pooler that shares sessions")
                    .contains("name PostgreSQL itself in DATABASE_URL");
              });
      // Before 1.23 the pooler refuses the connection that the log is read by; later it passes it
      // on.
      PGSimpleDataSource replication = behind.dataSource("it");
      replication.setReplication("database");
      try {
        replication.getConnection().close();
      } catch (SQLException e) {
        assertThat(Pooler.refusal(e))
            .hasValueSatisfying(
                reason ->
                    assertThat(reason)
                        .startsWith("DATABASE_URL leads to a connection pooler (PgBouncer): name"));
      }
    }
  }

  private static void fillSegments(int count) {
    for (int i = 0; i < count; i++) {
      execute("select pg_logical_emit_message(false, 'filler', 'x')");
      execute("select pg_switch_wal()");
    }
  }

  private static List<Finding> findings() {
    return findings("tidemark_relay");
  }

  private static List<Finding> findings(String slot) {
    var role = url.withUser("tidemark_relay", Optional.empty());
    return new DatabaseCheck(role.dataSource("it"), slot).findings();
  }

  private static void awaitFinding(String slot, Severity severity, String text) {
    await()
        .atMost(SOON)
        .untilAsserted(
            () ->
                assertThat(findings(slot))
                    .filteredOn(finding -> finding.severity() == severity)
                    .extracting(Finding::text)
                    .anySatisfy(found -> assertThat(found).contains(text)));
  }

  private static void execute(String statements) {
    database.useHandle(
        h -> {
          for (var statement : statements.split(";", -1)) {
            h.execute(statement);
          }
        });
  }
}
