package dev.tidemark.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.StringReader;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.postgresql.PGConnection;

/// Writers that bypass the service with plain SQL also get versions and events (H23).
final class PlainSqlWritersIT {

  @RegisterExtension private static final MigratedDatabase database = new MigratedDatabase();

  private static final String INSERT =
      "insert into product (id, name, price, currency) values ('%s', '%s', 1, 'EUR')";

  @Test
  void insertUpdateAndDeleteEachGiveOneEvent() throws SQLException {
    database.execute(INSERT.formatted("plain", "A"));
    database.execute("update product set name = 'B' where id = 'plain'");
    database.execute("delete from product where id = 'plain'");
    assertThat(database.events("plain"))
        .containsExactly("1 product.created", "2 product.updated", "3 product.deleted");
    assertThat(
            database.texts(
                "select payload::text from outbox where aggregateid = 'plain' and version = 3"))
        .containsExactly("{\"id\":\"plain\",\"version\":3,\"deleted\":true}");
    assertThat(
            database.texts(
                "select version from product where id = 'plain' and deleted_at is not null"))
        .containsExactly("3");
  }

  @Test
  void aNewRowUnderADeletedIdGoesOnCounting() throws SQLException { // H10
    database.execute(INSERT.formatted("again", "A"));
    database.execute("delete from product where id = 'again'");
    database.execute("delete from product where id = 'again'");
    database.execute(INSERT.formatted("again", "B"));
    assertThat(database.events("again"))
        .containsExactly("1 product.created", "2 product.deleted", "3 product.created");
    assertThat(database.texts("select name from product where id = 'again' and deleted_at is null"))
        .containsExactly("B");
    assertThatExceptionOfType(SQLException.class)
        .isThrownBy(() -> database.execute(INSERT.formatted("again", "C")))
        .withMessageContaining("product_pkey");
  }

  @Test
  void anUpsertGivesOneEventWhicheverWayItGoes() throws SQLException {
    String upsert =
        INSERT.formatted("upsert", "%s") + " on conflict (id) do update set name = excluded.name";
    database.execute(upsert.formatted("A"));
    database.execute(upsert.formatted("B"));
    database.execute(upsert.formatted("B"));
    database.execute("delete from product where id = 'upsert'");
    database.execute(upsert.formatted("C"));
    assertThat(database.events("upsert"))
        .containsExactly(
            "1 product.created", "2 product.updated", "3 product.deleted", "4 product.created");
  }

  @Test
  void copyGivesEachRowItsEvent() throws Exception {
    StringBuilder rows = new StringBuilder();
    IntStream.range(0, 1000).forEach(i -> rows.append("copy-").append(i).append("\tA\t1\tEUR\n"));
    try (Connection connection = database.connect()) {
      connection
          .unwrap(PGConnection.class)
          .getCopyAPI()
          .copyIn(
              "copy product (id, name, price, currency) from stdin",
              new StringReader(rows.toString()));
    }
    assertThat(
            database.texts(
                "select count(*) || ' ' || count(distinct aggregateid) || ' ' || max(version) from"
                    + " outbox where aggregateid like 'copy-%'"))
        .containsExactly("1000 1000 1");
  }

  @Test
  void aMultiRowUpdateGivesEachRowItsEventAndSkipsWhatDoesNotChange() throws SQLException {
    database.execute(
        "insert into product (id, name, price, currency) select 'many-' || i, 'A', i, 'EUR' from"
            + " generate_series(1, 10) i");
    database.execute("update product set price = 5, updated_at = now() where id like 'many-%'");
    assertThat(
            database.texts(
                "select version from product where id like 'many-%' order by (substring(id from"
                    + " 6))::int"))
        .containsExactly("2", "2", "2", "2", "1", "2", "2", "2", "2", "2");
    assertThat(database.texts("select count(*) from outbox where aggregateid like 'many-%'"))
        .containsExactly("19");
  }

  @Test
  void aVersionThatTheWriterMadeUpIsPutRight() throws SQLException {
    database.execute(
        "insert into product (id, version, name, price, currency) values ('made-up', 42, 'A', 1,"
            + " 'EUR')");
    database.execute("update product set version = 77, name = 'B' where id = 'made-up'");
    database.execute("update product set version = version + 1, name = 'C' where id = 'made-up'");
    database.execute("update product set version = 1 where id = 'made-up'");
    assertThat(database.events("made-up"))
        .containsExactly("1 product.created", "2 product.updated", "3 product.updated");
    assertThat(database.texts("select version from product where id = 'made-up'"))
        .containsExactly("3");
  }

  @Test
  void aRolledBackChangeLeavesNoEvent() throws SQLException {
    try (Connection connection = database.connect()) {
      connection.setAutoCommit(false);
      MigratedDatabase.execute(connection, INSERT.formatted("rolled-back", "A"));
      connection.rollback();
    }
    assertThat(database.events("rolled-back")).isEmpty();
  }

  @Test
  void aWriterThatWritesBothItselfIsLeftAlone() throws SQLException {
    try (Connection connection = database.connect()) {
      connection.setAutoCommit(false);
      MigratedDatabase.execute(connection, "select set_config('tidemark.outbox', 'written', true)");
      MigratedDatabase.execute(
          connection,
          "insert into product (id, version, name, price, currency) values ('own', 1, 'A', 1,"
              + " 'EUR')");
      connection.commit();
      MigratedDatabase.execute(connection, "update product set name = 'B' where id = 'own'");
      connection.commit();
    }
    assertThat(database.events("own"))
        .as("only for its own transaction")
        .containsExactly("2 product.updated");
  }

  /// Case that docs/consistency.md does not promise. The worker of a subscription writes like this.
  @Test
  void aWriterInTheRoleOfAReplicaGivesNoEventUnlessTheTriggersAreSetToRunAlways()
      throws SQLException {
    database.execute(INSERT.formatted("replica", "A"));
    writeAsReplica("update product set name = 'B' where id = 'replica'");
    assertThat(database.events("replica")).containsExactly("1 product.created");
    assertThat(database.texts("select version || name from product where id = 'replica'"))
        .containsExactly("1B");

    setTriggers("enable always");
    try {
      writeAsReplica("update product set name = 'C' where id = 'replica'");
      writeAsReplica("delete from product where id = 'replica'");
    } finally {
      setTriggers("enable");
    }
    assertThat(database.events("replica"))
        .containsExactly("1 product.created", "2 product.updated", "3 product.deleted");
  }

  private static void writeAsReplica(String sql) throws SQLException {
    try (Connection connection = database.connect()) {
      MigratedDatabase.execute(connection, "set session_replication_role = replica");
      MigratedDatabase.execute(connection, sql);
    }
  }

  /// @param how in the words of `alter table`
  private static void setTriggers(String how) throws SQLException {
    for (String trigger :
        List.of(
            "product_before_insert_or_update",
            "product_after_insert_or_update",
            "product_before_delete")) {
      database.execute("alter table product " + how + " trigger " + trigger);
    }
  }

  /// Case that docs/consistency.md does not promise: `pg_restore --data-only` writes like this.
  @Test
  void rowsOfADumpStartAtVersionOneAgain() throws Exception {
    try (Connection connection = database.connect()) {
      connection
          .unwrap(PGConnection.class)
          .getCopyAPI()
          .copyIn(
              "copy product (id, version, name, price, currency) from stdin",
              new StringReader("dumped\t42\tA\t1\tEUR\n"));
    }
    assertThat(database.texts("select version from product where id = 'dumped'"))
        .containsExactly("1");
    assertThat(database.events("dumped")).containsExactly("1 product.created");
  }

  @Test
  void concurrentWritersGetContiguousVersions() throws Exception { // H21
    database.execute(INSERT.formatted("hot", "start"));
    int writers = 8;
    int writes = 50;
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<Void>> tasks =
          IntStream.range(0, writers)
              .mapToObj(
                  writer ->
                      (Callable<Void>)
                          () -> {
                            try (Connection connection = database.connect()) {
                              for (int i = 0; i < writes; i++) {
                                MigratedDatabase.execute(
                                    connection,
                                    "update product set name = '%d-%d' where id = 'hot'"
                                        .formatted(writer, i));
                              }
                            }
                            return null;
                          })
              .toList();
      for (var done : threads.invokeAll(tasks)) {
        done.get();
      }
    }
    assertThat(
            database.texts("select version from outbox where aggregateid = 'hot' order by version"))
        .containsExactlyElementsOf(
            LongStream.rangeClosed(1, 1 + writers * writes).mapToObj(Long::toString).toList());
  }

  @Test
  void whatWouldLoseTheCountIsRefused() {
    assertThatExceptionOfType(SQLException.class)
        .isThrownBy(() -> database.execute("truncate product"))
        .withMessageContaining("product is not truncated");
    assertThatExceptionOfType(SQLException.class)
        .isThrownBy(
            () -> {
              database.execute(INSERT.formatted("old-id", "A"));
              database.execute("update product set id = 'new-id' where id = 'old-id'");
            })
        .withMessageContaining("cannot change");
  }

  @Test
  void whatIsNoProductIsRefused() {
    for (String values :
        List.of(
            "'a b', 'A', 1, 'EUR'",
            "'..', 'A', 1, 'EUR'",
            "'x', '', 1, 'EUR'",
            "'x', 'A', -1, 'EUR'",
            "'x', 'A', 1, 'eu'")) {
      assertThatExceptionOfType(SQLException.class)
          .as(values)
          .isThrownBy(
              () ->
                  database.execute(
                      "insert into product (id, name, price, currency) values (" + values + ")"))
          .withMessageContaining("violates check constraint");
    }
  }
}
