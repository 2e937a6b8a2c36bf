package dev.tidemark.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Old rows leave the outbox, but only those that are relayed. A reader that advances the slot
/// stands in for the relay; `OutboxRetentionIT` of the relay's module has the real one.
final class OutboxRetentionIT {

  @RegisterExtension private static final MigratedDatabase database = new MigratedDatabase();

  private final LocalDate old = LocalDate.now(ZoneOffset.UTC).minusDays(10);
  private final String partition = "outbox_" + old.toString().replace("-", "");

  @BeforeEach
  void makeAnOldPartition() throws SQLException {
    database.execute("delete from outbox");
    insert("old", old);
    database.execute("select outbox_partitions_ahead(0)");
    assertThat(partitions()).contains(partition);
  }

  @AfterEach
  void slotIsThere() throws SQLException {
    database.execute(
        "select pg_create_logical_replication_slot('tidemark_relay', 'pgoutput') where not exists"
            + " (select from pg_replication_slots where slot_name = 'tidemark_relay')");
  }

  @Test
  void relayedPartitionIsDroppedAndYoungerOnesStay_H31() throws Exception {
    List<String> before = partitions();
    try (var _ = new ConfirmingReader()) {
      assertThat(remove("7 days")).isEqualTo("partition " + partition + " dropped");
      assertThat(remove("7 days")).isNull();
    }
    assertThat(partitions()).hasSize(before.size() - 1).doesNotContain(partition);
  }

  @Test
  void partitionWithinTheRetentionStays() throws Exception {
    try (var _ = new ConfirmingReader()) {
      assertThat(remove("10 days")).isNull();
    }
    assertThat(partitions()).contains(partition);
  }

  @Test
  void partitionThatTheSlotHasNotConfirmedStays_H31() throws SQLException {
    assertNotConfirmed();
    assertThat(rowsOf(partition)).isEqualTo(1);
  }

  @Test
  void withoutTheSlotNothingIsDropped_H31() throws SQLException {
    database.execute("select pg_drop_replication_slot('tidemark_relay')");
    assertRefused(() -> remove("7 days"), "no logical replication slot tidemark_relay");
    assertThat(rowsOf(partition)).isEqualTo(1);
  }

  @Test
  void slotOfAnotherDatabaseDoesNotCount_H31() throws SQLException {
    database.execute("create database other");
    try (Connection other =
        DriverManager.getConnection(database.server().jdbcUrl().replace("/tidemark", "/other"))) {
      MigratedDatabase.execute(
          other, "select pg_create_logical_replication_slot('far', 'pgoutput')");
      assertRefused(() -> remove("far", "7 days"), "no logical replication slot far");
      MigratedDatabase.execute(other, "select pg_drop_replication_slot('far')");
    }
  }

  @Test
  void withALostSlotNothingIsDropped_H28() throws SQLException {
    database.execute("alter system set max_slot_wal_keep_size = '1MB'");
    database.execute("select pg_reload_conf()");
    try {
      for (int i = 0; i < 6; i++) {
        database.execute("select pg_logical_emit_message(false, 'filler', 'x')");
        database.execute("select pg_switch_wal()");
      }
      database.execute("checkpoint");
      assertRefused(() -> remove("7 days"), "replication slot tidemark_relay is lost");
      assertThat(rowsOf(partition)).isEqualTo(1);
    } finally {
      database.execute("alter system reset max_slot_wal_keep_size");
      database.execute("select pg_reload_conf()");
      database.execute("select pg_drop_replication_slot('tidemark_relay')");
    }
  }

  @Test
  void partitionThatAnOpenTransactionHasWrittenToStays_H31() throws Exception {
    try (var _ = new ConfirmingReader();
        Connection writer = database.connect()) {
      writer.setAutoCommit(false);
      MigratedDatabase.execute(writer, insertion("late", old));
      assertRefused(() -> remove("7 days"), "lock timeout");
      writer.commit();
      assertThat(rowsOf(partition)).isEqualTo(2);
      assertThat(remove("7 days")).startsWith("partition");
    }
  }

  @Test
  void rowThatComesBetweenTheConfirmationAndTheDropIsNotLost_H31() throws Exception {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<String> removal = threads.submit(() -> remove("7 days"));
      Awaitility.await()
          .atMost(Duration.ofSeconds(8))
          .until(
              () ->
                  !database
                      .texts(
                          "select 1 from pg_locks where mode = 'ShareLock' and granted and relation = '%s'::regclass"
                              .formatted(partition))
                      .isEmpty());
      Future<?> writer =
          threads.submit(
              () -> {
                insert("in-between", old);
                return null;
              });
      Awaitility.await()
          .atMost(Duration.ofSeconds(8))
          .until(() -> !database.texts("select 1 from pg_locks where not granted").isEmpty());
      try (var _ = new ConfirmingReader()) {
        assertRefused(() -> unwrapped(removal), "somebody writes to partition");
      }
      writer.get();
    }
    assertThat(rowsOf(partition)).isEqualTo(2);
  }

  @Test
  void oldRowsOfTheDefaultPartitionAreDeletedOnceRelayedAndYoungerOnesStay() throws Exception {
    insert("stray", LocalDate.of(1999, 12, 31));
    insert("young", LocalDate.now(ZoneOffset.UTC).minusDays(3));
    assertNotConfirmed();
    assertThat(database.texts("select aggregateid from outbox_default")).contains("stray");
    try (var _ = new ConfirmingReader()) {
      assertThat(remove("7 days")).isEqualTo("1 rows of outbox_default deleted");
    }
    assertThat(database.texts("select aggregateid from outbox_default")).containsExactly("young");
  }

  @Test
  void writersWaitAMomentOnlyWhenSomebodyHasTheOutboxOpen() throws Exception {
    try (var _ = new ConfirmingReader();
        Connection holder = database.connect();
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      holder.setAutoCommit(false);
      MigratedDatabase.execute(holder, insertion("open", LocalDate.now(ZoneOffset.UTC)));
      Future<String> removal = threads.submit(() -> remove("7 days"));
      long longest = 0;
      try (Connection writer = database.connect()) {
        while (!removal.isDone()) {
          long start = System.nanoTime();
          MigratedDatabase.execute(writer, insertion("w", LocalDate.now(ZoneOffset.UTC)));
          longest = Math.max(longest, System.nanoTime() - start);
        }
      }
      assertRefused(() -> unwrapped(removal), "lock timeout");
      assertThat(Duration.ofNanos(longest)).isLessThan(Duration.ofMillis(500));
      holder.rollback();
    }
  }

  @Test
  void manyMayAskAtOnce() throws Exception {
    Callable<String> ask = () -> remove("7 days");
    try (var _ = new ConfirmingReader();
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<String> answers =
          threads.invokeAll(List.of(ask, ask, ask, ask)).stream()
              .map(Future::resultNow)
              .filter(Objects::nonNull)
              .toList();
      assertThat(answers).containsExactly("partition " + partition + " dropped");
    }
  }

  @Test
  void lessThanADayIsRefused() {
    assertRefused(() -> remove("1 hour"), "younger than a day");
  }

  @Test
  void otherRolesMayNotRemoveAnything() throws SQLException {
    try (Connection api = database.connectAs("tidemark_api")) {
      assertThatExceptionOfType(SQLException.class)
          .isThrownBy(
              () ->
                  MigratedDatabase.execute(
                      api, "select outbox_remove_expired('tidemark_relay', '7 days')"))
          .withMessageContaining("permission denied");
    }
  }

  private static void assertRefused(ThrowingCallable call, String message) {
    assertThatExceptionOfType(SQLException.class).isThrownBy(call).withMessageContaining(message);
  }

  /// Checks that the function gives up. It waits a second instead of ten.
  private static void assertNotConfirmed() throws SQLException {
    String whole =
        database
            .texts(
                "select pg_get_functiondef('outbox_remove_expired(name, interval)'::regprocedure)")
            .getFirst();
    String patience = "patience constant interval := '%ds'";
    assertThat(whole).containsOnlyOnce(patience.formatted(10));
    database.execute(whole.replace(patience.formatted(10), patience.formatted(1)));
    try {
      assertRefused(() -> remove("7 days"), "has not confirmed");
    } finally {
      database.execute(whole);
    }
  }

  private static String unwrapped(Future<String> removal) throws Throwable {
    try {
      return removal.get();
    } catch (ExecutionException e) {
      throw e.getCause();
    }
  }

  private static String remove(String keep) throws SQLException {
    return remove("tidemark_relay", keep);
  }

  private static String remove(String slot, String keep) throws SQLException {
    try (Connection relay = database.connectAs("tidemark_relay")) {
      return MigratedDatabase.texts(
              relay, "select outbox_remove_expired('%s', '%s')".formatted(slot, keep))
          .getFirst();
    }
  }

  private static void insert(String id, LocalDate day) throws SQLException {
    database.execute(insertion(id, day));
  }

  private static String insertion(String id, LocalDate day) {
    return "insert into outbox (aggregatetype, aggregateid, version, type, payload, occurred_at)"
        + " values ('t', '%s', 1, 't.x', '{}', '%s 12:00Z')".formatted(id, day);
  }

  private static int rowsOf(String table) throws SQLException {
    return Integer.parseInt(database.texts("select count(*) from " + table).getFirst());
  }

  private static List<String> partitions() throws SQLException {
    return database.texts("select name from outbox_partitions()");
  }

  /// A reader that confirms everything as soon as it is in the log.
  private static final class ConfirmingReader implements AutoCloseable {
    private final AtomicBoolean ended = new AtomicBoolean();
    private final CompletableFuture<Void> running = CompletableFuture.runAsync(this::run);

    private void run() {
      try (Connection connection = database.connect()) {
        while (!ended.get()) {
          MigratedDatabase.execute(
              connection,
              "select pg_replication_slot_advance('tidemark_relay', pg_current_wal_lsn())");
        }
      } catch (SQLException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void close() {
      ended.set(true);
      running.join();
    }
  }
}
