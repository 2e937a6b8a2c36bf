package dev.tidemark.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.tidemark.embedded.PostgresServer;
import dev.tidemark.embedded.PostgresTemplate;
import dev.tidemark.service.settings.DatabaseUrl;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Migrates databases that belong to another owner and are in use, by roles that are not
/// superusers.
final class ExistingDatabaseIT {
  private static final String PRODUCT = "(id, name, price, currency) values ('a', 'A', 1, 'EUR')";

  private static final PostgresTemplate NEW = new PostgresTemplate(server -> {});

  private PostgresServer server;

  @BeforeEach
  void start(@TempDir Path folder) {
    server = NEW.start(folder);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void aRoleThatMayCreateRolesAndReplicateNeedsNoMore() throws SQLException {
    execute(admin(), "create role boss login createrole replication");
    execute(admin(), "create database shop owner boss");
    migrate(shop("boss"), "public");
    migrate(shop("boss"), "public");
    execute(shop("tidemark_api"), "insert into product " + PRODUCT);
    assertThat(texts(shop("tidemark_relay"), "select aggregateid from outbox"))
        .containsExactly("a");
  }

  @Test
  void whatARoleMayNotIsNamedBeforeAnythingIsMade() throws SQLException {
    execute(admin(), "create role boss login");
    execute(admin(), "create database shop");
    assertThatExceptionOfType(SQLException.class)
        .isThrownBy(() -> migrate(shop("boss"), "public"))
        .withMessageContaining(
            "role boss may not create roles, and tidemark_api, tidemark_audit, tidemark_owner,"
                + " tidemark_relay are missing")
        .withMessageContaining("role boss may not replicate")
        .withMessageContaining("may not grant tidemark_owner the right to create in database shop")
        .withMessageContaining("migrate --print-sql");
    assertThat(texts(admin(), "select rolname from pg_roles where rolname like 'tidemark%'"))
        .isEmpty();
  }

  @Test
  void anAdministratorPreparesTheDatabaseForALesserRole() throws SQLException {
    execute(admin(), "create role boss login");
    execute(admin(), "create database shop");
    execute(shop("postgres"), Migration.preparation("boss", "tidemark"));
    migrate(shop("boss"), "tidemark");
    execute(shop("tidemark_api"), "insert into product " + PRODUCT);
    assertThat(texts(shop("tidemark_relay"), "select aggregateid from outbox"))
        .containsExactly("a");
  }

  /// Amazon RDS grants the right to replicate by membership.
  @Test
  void theRightToReplicateComesByMembershipWhereTheServerHasItSo() throws SQLException {
    execute(admin(), "create role rds_replication");
    execute(admin(), "create database shop");
    execute(shop("postgres"), Migration.preparation("postgres", "public"));
    assertThat(
            texts(
                admin(),
                "select rolreplication || ' ' || pg_has_role(oid, 'rds_replication', 'member')"
                    + " from pg_roles where rolname = 'tidemark_relay'"))
        .containsExactly("false true");
  }

  @Test
  void theTablesAndTheHistoryOfAServiceStayAsTheyAre() throws SQLException {
    execute(admin(), "create database shop");
    Flyway.configure()
        .dataSource(shop("postgres").dataSource("service"))
        .locations("classpath:service-migration")
        .load()
        .migrate();
    assertThatExceptionOfType(SQLException.class)
        .isThrownBy(() -> migrate(shop("postgres"), "public"))
        .withMessageContaining("schema public has a table product that is not Tidemark's")
        .withMessageContaining("function uuid_v7")
        .withMessageContaining("set TIDEMARK_DB_SCHEMA");

    migrate(shop("postgres"), "tidemark");

    execute(shop("tidemark_api"), "insert into product " + PRODUCT);
    execute(shop("tidemark_api"), "delete from idempotency_key");
    assertThat(texts(shop("postgres"), "select version || script from flyway_schema_history"))
        .containsExactly("1V1__service.sql");
    assertThat(texts(shop("postgres"), "select count(*) from public.product")).containsExactly("0");
    assertThat(texts(shop("tidemark_relay"), "select outbox_partitions_ahead(20)"))
        .containsExactly("6");
    assertThat(texts(shop("postgres"), "select aggregateid from tidemark.outbox"))
        .containsExactly("a");
    assertThat(
            texts(
                shop("postgres"),
                "select distinct schemaname from pg_publication_tables where pubname ="
                    + " 'tidemark_outbox'"))
        .containsExactly("tidemark");
  }

  @Test
  void aSearchPathOfTheDatabaseLeadsNobodyAstray() throws SQLException {
    execute(admin(), "create database shop");
    execute(admin(), "alter database shop set search_path = elsewhere");
    execute(shop("postgres"), "create schema elsewhere");
    execute(shop("postgres"), "create table elsewhere.product (id integer)");
    migrate(shop("postgres"), "public");
    execute(shop("tidemark_api"), "insert into product " + PRODUCT);
    assertThat(texts(shop("tidemark_audit"), "select id from product")).containsExactly("a");
    assertThat(texts(shop("tidemark_relay"), "select aggregateid from outbox"))
        .containsExactly("a");
  }

  @Test
  void anotherEncodingIsRefusedBeforeAnythingIsMade() throws SQLException {
    execute(
        admin(),
        "create database shop template template0 encoding 'SQL_ASCII' locale_provider libc locale"
            + " 'C'");
    assertThatExceptionOfType(SQLException.class)
        .isThrownBy(() -> migrate(shop("postgres"), "public"))
        .withMessageContaining("encoding of database shop is SQL_ASCII, and Tidemark needs UTF8");
    assertThat(texts(admin(), "select rolname from pg_roles where rolname like 'tidemark%'"))
        .isEmpty();
  }

  @Test
  void aMigrationThatFailsLeavesNothingHalfDone() throws SQLException {
    execute(admin(), "create database shop");
    execute(shop("postgres"), "create view products_settled as select 1");
    execute(shop("postgres"), "create function products_settled(text[]) returns int return 1");
    assertThatExceptionOfType(RuntimeException.class)
        .isThrownBy(() -> migrate(shop("postgres"), "public"))
        .withMessageContaining("products_settled");
    assertThat(texts(shop("postgres"), "select to_regclass('product')::text")).containsNull();
    execute(shop("postgres"), "drop function products_settled(text[])");
    migrate(shop("postgres"), "public");
  }

  /// Versions before Tidemark had a history table of its own name.
  @Test
  void anOlderHistoryIsTakenOver() throws SQLException {
    execute(admin(), "create database shop");
    migrate(shop("postgres"), "public");
    execute(
        shop("postgres"),
        "alter table tidemark_schema_history rename to flyway_schema_history;"
            + "alter index tidemark_schema_history_pk rename to flyway_schema_history_pk;"
            + "alter index tidemark_schema_history_s_idx rename to flyway_schema_history_s_idx;"
            + "delete from flyway_schema_history where version = '0';"
            + "update flyway_schema_history set checksum = checksum + 1");
    assertThat(migrate(shop("postgres"), "public"))
        .contains(
            "history of migrations renamed to tidemark_schema_history", "tables were up to date");
  }

  private static List<String> migrate(DatabaseUrl url, String schema) throws SQLException {
    List<String> steps = new ArrayList<>();
    new Migration(url, schema, Optional.empty(), steps::add).run();
    return steps;
  }

  private DatabaseUrl admin() {
    return DatabaseUrl.parse(server.url());
  }

  private DatabaseUrl shop(String role) {
    return DatabaseUrl.parse(server.url().replace("/tidemark", "/shop"))
        .withUser(role, Optional.empty());
  }

  private static void execute(DatabaseUrl url, String sql) throws SQLException {
    try (Connection connection = url.dataSource("test").getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static List<String> texts(DatabaseUrl url, String sql) throws SQLException {
    try (Connection connection = url.dataSource("test").getConnection()) {
      return MigratedDatabase.texts(connection, sql);
    }
  }
}
