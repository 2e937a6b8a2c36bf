package dev.tidemark.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

final class OutboxPartitionsIT {

  @RegisterExtension private static final MigratedDatabase database = new MigratedDatabase();

  @Test
  void migrationMakesTodayAndTwoWeeks() throws SQLException {
    LocalDate today = LocalDate.now(ZoneOffset.UTC);
    List<String> partitions = partitions();
    assertThat(partitions).contains(name(today), name(today.plusDays(14)), "outbox_default");
  }

  @Test
  void aRowOfADayWithoutPartitionIsNotLost() throws SQLException {
    insert("far", "now() + interval '300 days'");
    insert("long-ago", "timestamptz '1999-12-31 23:59:59Z'");
    assertThat(tableOf("far")).isEqualTo("outbox_default");
    assertThat(tableOf("long-ago")).isEqualTo("outbox_default");
    make(daysMade() + 5);
    assertThat(tableOf("far"))
        .as("a day out of range has no partition")
        .isEqualTo("outbox_default");
  }

  @Test
  void rowsInTheDefaultPartitionMoveAndAreNotPublishedAgain() throws SQLException {
    try (Connection connection = database.connect()) {
      MigratedDatabase.execute(
          connection, "select pg_create_logical_replication_slot('mover', 'pgoutput', true)");
      int days = daysMade() + 5;
      insert("ahead", "now() + interval '%d days'".formatted(days));
      insert("behind", "now() - interval '3 days'");
      assertThat(tableOf("ahead")).isEqualTo("outbox_default");
      make(days + 5);
      LocalDate today = LocalDate.now(ZoneOffset.UTC);
      assertThat(tableOf("ahead")).isEqualTo(name(today.plusDays(days)));
      assertThat(tableOf("behind")).isEqualTo(name(today.minusDays(3)));
      insert("ahead-too", "now() + interval '%d days'".formatted(days));
      assertThat(Publication.inserts(connection, "mover"))
          .containsExactly("outbox", "outbox", "outbox");
    }
  }

  @Test
  void manyMayAskAtOnce() throws Exception {
    int days = daysMade() + 5;
    Callable<Integer> ask = () -> make(days);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (var done : threads.invokeAll(List.of(ask, ask, ask, ask))) {
        done.get();
      }
    }
    assertThat(make(days)).isZero();
  }

  @Test
  void whoeverHoldsTheDefaultPartitionIsNotWaitedForLong() throws SQLException {
    int days = daysMade() + 5;
    try (Connection holder = database.connect()) {
      holder.setAutoCommit(false);
      MigratedDatabase.execute(holder, "lock table outbox_default in access share mode");
      assertThatExceptionOfType(SQLException.class)
          .isThrownBy(() -> make(days))
          .withMessageContaining("lock timeout");
      holder.rollback();
    }
    assertThat(make(days)).isPositive();
  }

  @Test
  void writersOfOtherDaysAreNotHeldUp() throws SQLException {
    try (Connection writer = database.connect()) {
      writer.setAutoCommit(false);
      MigratedDatabase.execute(
          writer,
          "insert into outbox (aggregatetype, aggregateid, version, type, payload) values ('t',"
              + " 'open', 1, 't.x', '{}')");
      assertThat(make(daysMade() + 5)).isPositive();
      writer.rollback();
    }
  }

  @Test
  void writersOfTheDayThatIsMadeWaitAndDoNotFail() throws Exception {
    database.execute("drop table " + name(LocalDate.now(ZoneOffset.UTC)));
    AtomicBoolean made = new AtomicBoolean();
    Callable<Integer> write =
        () -> {
          int written = 0;
          while (!made.get() || written < 100) {
            insert("now", "now()");
            written++;
          }
          return written;
        };
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var writers = List.of(threads.submit(write), threads.submit(write), threads.submit(write));
      insert("now", "now()");
      Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> madeInSpiteOfWriters());
      made.set(true);
      for (var writer : writers) {
        assertThat(writer.get()).isPositive();
      }
    }
    assertThat(database.texts("select count(*) from outbox_default where aggregateid = 'now'"))
        .containsExactly("0");
  }

  /// The days of rows that wait in the default partition are not created under the lock that blocks
  /// today's writers.
  @Test
  void theDayThatIsWrittenToIsMadeFirstAndAlone_H47() throws SQLException {
    LocalDate today = LocalDate.now(ZoneOffset.UTC);
    make(14);
    database.execute("drop table " + name(today) + ", " + name(today.plusDays(1)));
    for (int day = 5; day < 10; day++) {
      insert("waits", "now() - interval '%d days'".formatted(day));
    }
    insert("of-today", "now()");

    assertThat(make(14)).isEqualTo(1);
    assertThat(tableOf("of-today")).isEqualTo(name(today));
    assertThat(partitions()).doesNotContain(name(today.plusDays(1)));
    assertThat(make(14)).isEqualTo(1);
    assertThat(partitions()).contains(name(today.plusDays(1)));
    assertThat(tableOf("waits")).isEqualTo("outbox_default");
    assertThat(make(14)).isEqualTo(5);
    assertThat(make(14)).isZero();
  }

  /// Moving the rows would block the writers of more.
  @Test
  void manyRowsOfTodayStayInTheDefaultPartition_H47() throws SQLException {
    LocalDate today = LocalDate.now(ZoneOffset.UTC);
    make(14);
    database.execute("drop table " + name(today) + ", " + name(today.plusDays(1)));
    database.execute(
        "insert into outbox (aggregatetype, aggregateid, version, type, payload)"
            + " select 't', 'many', n, 't.x', '{}' from generate_series(1, 10001) n");

    assertThat(make(14)).isEqualTo(1);
    assertThat(partitions()).contains(name(today.plusDays(1))).doesNotContain(name(today));
    assertThat(make(14)).isZero();

    database.execute("delete from outbox where aggregateid = 'many' and version > 1000");
    assertThat(make(14)).isEqualTo(1);
    assertThat(tableOf("many")).isEqualTo(name(today));
    database.execute("delete from outbox where aggregateid = 'many'");
  }

  /// The relay has a row in memory before it can check its size.
  @Test
  void rowThatCouldExhaustTheRelaysMemoryIsRefused_H46c() {
    for (String column : List.of("payload", "aggregateid", "type", "traceparent")) {
      assertThatExceptionOfType(SQLException.class)
          .as(column)
          .isThrownBy(
              () ->
                  database.execute(
                      "with one as (select repeat('x', 8388608) as text) insert into outbox (aggregatetype, aggregateid, version, type, payload, traceparent) select 't', %s, 1, %s, %s, %s from one"
                          .formatted(
                              column.equals("aggregateid") ? "text" : "'big'",
                              column.equals("type") ? "text" : "'t.x'",
                              column.equals("payload") ? "to_json(text)" : "'{}'",
                              column.equals("traceparent") ? "text" : "null")))
          .withMessageContaining("outbox_row_size");
    }
  }

  private static boolean madeInSpiteOfWriters() {
    try {
      return make(0) > 0;
    } catch (SQLException outboxIsOpen) {
      return false;
    }
  }

  @Test
  void daysOutOfReasonAreRefused() {
    assertThatExceptionOfType(SQLException.class)
        .isThrownBy(() -> make(-1))
        .withMessageContaining("between 0 and 366");
  }

  private static int make(int days) throws SQLException {
    try (Connection relay = database.connectAs("tidemark_relay")) {
      return Integer.parseInt(
          MigratedDatabase.texts(relay, "select outbox_partitions_ahead(" + days + ")").getFirst());
    }
  }

  /// Returns the number of days ahead of the last partition.
  private static int daysMade() throws SQLException {
    return Integer.parseInt(
        database
            .texts(
                "select max(to_date(right(inhrelid::regclass::text, 8), 'YYYYMMDD')) - (now() at"
                    + " time zone 'UTC')::date from pg_inherits where inhparent ="
                    + " 'outbox'::regclass and inhrelid <> 'outbox_default'::regclass")
            .getFirst());
  }

  private static void insert(String id, String occurredAt) throws SQLException {
    database.execute(
        "insert into outbox (aggregatetype, aggregateid, version, type, payload, occurred_at)"
            + " values ('t', '%s', 1, 't.x', '{}', %s)".formatted(id, occurredAt));
  }

  private static String tableOf(String id) throws SQLException {
    return database
        .texts("select tableoid::regclass::text from outbox where aggregateid = '" + id + "'")
        .getFirst();
  }

  private static List<String> partitions() throws SQLException {
    return database.texts(
        "select inhrelid::regclass::text from pg_inherits where inhparent = 'outbox'::regclass");
  }

  private static String name(LocalDate day) {
    return "outbox_" + day.toString().replace("-", "");
  }
}
