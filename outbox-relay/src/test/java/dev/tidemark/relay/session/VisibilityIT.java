package dev.tidemark.relay.session;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.db.Migration;
import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.embedded.PostgresServer;
import dev.tidemark.event.EventHeaders;
import dev.tidemark.relay.SharedServers;
import dev.tidemark.relay.status.RelayStatus.Streaming;
import dev.tidemark.service.settings.DatabaseUrl;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.postgresql.PGConnection;

/// Test of H44: a commit is in the log before readers see it. Here this lasts for as long as the
/// test likes: the commit waits for a synchronous standby that does not exist.
@ExtendWith(SharedServers.class)
class VisibilityIT {
  private static final Duration SOON = Duration.ofSeconds(60);

  /// Time that is much longer than a row takes to its topic.
  private static final Duration FOR_A_WHILE = Duration.ofSeconds(2);

  private static PostgresServer postgres;
  private static KafkaServer kafka;
  private static Jdbi database;

  private final String aggregate = "a-" + UUID.randomUUID();
  private final String later = "b-" + UUID.randomUUID();
  private RunningRelay relay;

  @BeforeAll
  static void prepare(PostgresServer server, KafkaServer broker) throws SQLException {
    postgres = server;
    kafka = broker;
    new Migration(DatabaseUrl.parse(postgres.url()), line -> {}).run();
    database = Jdbi.create(postgres.jdbcUrl());
  }

  @BeforeEach
  void startRelay() {
    relay = RunningRelay.start(environment());
    await("the relay to stream")
        .atMost(SOON)
        .until(() -> relay.status().phase() instanceof Streaming);
  }

  @AfterEach
  void stopRelay() {
    synchronousStandby("");
    relay.close();
  }

  /// Kinds of writers, with the events that are in the topics in the end.
  enum Writer {
    PLAIN_UPDATE("product 1, product 2") {
      @Override
      void write(Handle handle, String id) {
        handle.execute("update product set price = 2 where id = ?", id);
      }
    },
    PLAIN_DELETE("product 1, product 2") {
      @Override
      void write(Handle handle, String id) {
        handle.execute("delete from product where id = ?", id);
      }
    },
    MANY_ROWS_IN_ONE_INSERT("product 1, product 2, product 3, product 4") {
      @Override
      void write(Handle handle, String id) {
        handle.execute(
            """
            insert into outbox (aggregatetype, aggregateid, version, type, payload)
            select 'product', ?, n, 'product.updated', '{}' from generate_series(2, 4) n
            """,
            id);
      }
    },
    COPY("product 1, product 2, product 3") {
      @Override
      void write(Handle handle, String id) {
        var rows =
            "product\t%1$s\t2\tproduct.updated\t{}\nproduct\t%1$s\t3\tproduct.updated\t{}\n"
                .formatted(id);
        try {
          handle
              .getConnection()
              .unwrap(PGConnection.class)
              .getCopyAPI()
              .copyIn(
                  "copy outbox (aggregatetype, aggregateid, version, type, payload) from stdin",
                  new StringReader(rows));
        } catch (SQLException | IOException e) {
          throw new IllegalStateException("COPY failed", e);
        }
      }
    },
    OTHER_AGGREGATE("product 1, order 1") {
      @Override
      void write(Handle handle, String id) {
        handle.execute(
            "insert into outbox (aggregatetype, aggregateid, version, type, payload) values"
                + " ('order', ?, 1, 'order.placed', '{}')",
            id);
      }
    };

    private final String published;

    Writer(String published) {
      this.published = published;
    }

    abstract void write(Handle handle, String id);
  }

  @ParameterizedTest
  @EnumSource
  void nothingIsPublishedBeforeReadersSeeItAndThenAllOfItInOrderAndOnce_H44(Writer writer) {
    insertProduct();
    var reader = slotReader();
    synchronousStandby("nobody");
    try (var commit = committing(handle -> writer.write(handle, aggregate))) {
      assertThat(version()).as("as readers see it").isEqualTo(1);
      writeAtOnce(later);

      await("nothing to be in the topics, not even uncommitted")
          .during(FOR_A_WHILE)
          .atMost(SOON)
          .until(
              () ->
                  published(aggregate).equals(List.of("product 1")) && published(later).isEmpty());
      assertThat(relay.status().waiting().orElseThrow().text())
          .contains("for transaction %d".formatted(commit.transaction()))
          .contains("synchronous_standby_names")
          .contains("backend_xid");

      synchronousStandby("");
      commit.await();
    }
    await("all to be published")
        .atMost(SOON)
        .untilAsserted(
            () -> {
              assertThat(String.join(", ", published(aggregate))).isEqualTo(writer.published);
              assertThat(published(later)).containsExactly("product 1");
            });
    assertThat(relay.status().waiting()).isEmpty();
    assertThat(slotReader()).as("it is still the same session").isEqualTo(reader);
  }

  /// The process that commits has written its record, and does not get the processor to report it.
  @Test
  void commitOfAStoppedProcessIsWaitedFor_H44() {
    insertProduct();
    synchronousStandby("nobody");
    try (var commit =
        committing(h -> h.execute("update product set price = 2 where id = ?", aggregate))) {
      signal("STOP", commit.pid());
      try {
        synchronousStandby("");
        writeAtOnce(later);

        await("nothing to be in the topics")
            .during(FOR_A_WHILE)
            .atMost(SOON)
            .until(() -> published(aggregate).size() == 1 && published(later).isEmpty());
        assertThat(version()).as("as readers see it").isEqualTo(1);
      } finally {
        signal("CONT", commit.pid());
      }
      commit.await();
    }
    await("all to be published")
        .atMost(SOON)
        .untilAsserted(
            () -> {
              assertThat(published(aggregate)).containsExactly("product 1", "product 2");
              assertThat(published(later)).containsExactly("product 1");
            });
  }

  @Test
  void relayThatIsClosedDoesNotWait_H44() {
    insertProduct();
    synchronousStandby("nobody");
    try (var commit =
        committing(h -> h.execute("update product set price = 2 where id = ?", aggregate))) {
      await("the relay to wait").atMost(SOON).until(() -> relay.status().waiting().isPresent());

      relay.close();

      assertThat(published(aggregate)).containsExactly("product 1");
      synchronousStandby("");
      commit.await();
    }
    relay = RunningRelay.start(environment());
    await("the update to be published")
        .atMost(SOON)
        .untilAsserted(
            () -> assertThat(published(aggregate)).containsExactly("product 1", "product 2"));
  }

  @Test
  void relayThatLosesTheLeadershipDoesNotWaitAndBeginsAnew_H44() {
    insertProduct();
    synchronousStandby("nobody");
    try (var commit =
        committing(h -> h.execute("update product set price = 2 where id = ?", aggregate))) {
      await("the relay to wait").atMost(SOON).until(() -> relay.status().waiting().isPresent());
      var reader = slotReader();

      database.useHandle(
          h ->
              h.execute(
                  "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'"));

      await("the next session to wait")
          .atMost(SOON)
          .until(
              () ->
                  !slotReader().isEmpty()
                      && !slotReader().equals(reader)
                      && relay.status().waiting().isPresent());
      assertThat(published(aggregate)).containsExactly("product 1");
      synchronousStandby("");
      commit.await();
    }
    await("the update to be published")
        .atMost(SOON)
        .untilAsserted(
            () -> assertThat(published(aggregate)).containsExactly("product 1", "product 2"));
  }

  /// The snapshot that a new slot exports is made from the log. It shows what was committed while
  /// the slot was created, also where readers do not see it.
  @Test
  void repairPublishesNothingBeforeReadersSeeIt_H44() {
    insertProduct();
    relay.close();
    try (var before = database.open();
        var during = database.open()) {
      open(before);
      await("the slot to be free").atMost(SOON).until(() -> slotReader().isEmpty());
      database.useHandle(h -> h.execute("select pg_drop_replication_slot('tidemark_relay')"));
      relay = RunningRelay.start(environment());
      awaitWaitFor(before);
      open(during);
      before.rollback();
      awaitWaitFor(during);
      synchronousStandby("nobody");
      try (var commit =
          committing(h -> h.execute("update product set price = 2 where id = ?", aggregate))) {
        during.rollback();

        await("the repair to wait").atMost(SOON).until(() -> isRepairedOrWaits());
        await("nothing to be in the topics")
            .during(FOR_A_WHILE)
            .atMost(SOON)
            .until(() -> published(aggregate).size() == 1);
        assertThat(relay.status().waiting().orElseThrow().transactionId())
            .isEqualTo(commit.transaction());
        assertThat(version()).as("as readers see it").isEqualTo(1);

        synchronousStandby("");
        commit.await();
      }
    }
    await("the update to be published")
        .atMost(SOON)
        .untilAsserted(
            () -> assertThat(published(aggregate)).containsExactly("product 1", "product 2"));
  }

  private boolean isRepairedOrWaits() {
    return relay.status().waiting().isPresent() || relay.status().phase() instanceof Streaming;
  }

  /// A commit that is in the log and lasts for as long as there is a standby to wait for.
  private record Committing(Thread thread, int pid, long transaction) implements AutoCloseable {
    void await() {
      try {
        assertThat(thread.join(SOON)).as("the commit is through").isTrue();
      } catch (InterruptedException e) {
        throw new IllegalStateException("interrupted while a commit goes on", e);
      }
    }

    @Override
    public void close() {
      synchronousStandby("");
      await();
    }
  }

  private static Committing committing(Consumer<Handle> statement) {
    var handle = database.open();
    int pid = handle.createQuery("select pg_backend_pid()").mapTo(Integer.class).one();
    handle.begin();
    long transaction = open(handle);
    statement.accept(handle);
    var thread =
        Thread.ofPlatform()
            .name("commits")
            .start(
                () -> {
                  try (handle) {
                    handle.commit();
                  }
                });
    await("the commit to wait for its standby")
        .atMost(SOON)
        .until(
            () ->
                database.withHandle(
                    h ->
                        h.createQuery(
                                "select exists (select from pg_stat_activity where pid = :pid and"
                                    + " wait_event = 'SyncRep')")
                            .bind("pid", pid)
                            .mapTo(Boolean.class)
                            .one()));
    return new Committing(thread, pid, transaction);
  }

  /// Begins a transaction that has an id.
  private static long open(Handle handle) {
    if (!handle.isInTransaction()) {
      handle.begin();
    }
    return handle.createQuery("select pg_current_xact_id()::text::bigint").mapTo(Long.class).one();
  }

  private static void awaitWaitFor(Handle open) {
    long transaction = open(open);
    await("the making of the slot to wait for transaction " + transaction)
        .atMost(SOON)
        .until(
            () ->
                database.withHandle(
                    h ->
                        h.createQuery(
                                "select exists (select from pg_locks where locktype ="
                                    + " 'transactionid' and not granted and transactionid ="
                                    + " cast(cast(:id as text) as xid))")
                            .bind("id", transaction)
                            .mapTo(Boolean.class)
                            .one()));
  }

  private void insertProduct() {
    database.useHandle(
        h ->
            h.execute(
                "insert into product (id, name, price, currency) values (?, 'Kettle', 1, 'EUR')",
                aggregate));
    await("the product's first event")
        .atMost(SOON)
        .until(() -> published(aggregate).equals(List.of("product 1")));
  }

  /// Writes without waiting for a standby.
  private static void writeAtOnce(String id) {
    database.useTransaction(
        h -> {
          h.execute("set local synchronous_commit = local");
          h.execute(
              "insert into product (id, name, price, currency) values (?, 'Toaster', 1, 'EUR')",
              id);
        });
  }

  private long version() {
    return database.withHandle(
        h ->
            h.createQuery("select version from product where id = :id")
                .bind("id", aggregate)
                .mapTo(Long.class)
                .one());
  }

  /// Returns aggregate type and version of each event of this id, committed in Kafka or not.
  private static List<String> published(String id) {
    return Stream.of("product.events", "order.events")
        .flatMap(topic -> Topic.all(kafka, topic).stream())
        .filter(event -> event.key() != null && new String(event.key(), UTF_8).equals(id))
        .map(
            event ->
                event.topic().replace(".events", " ")
                    + new String(
                        event.headers().lastHeader(EventHeaders.AGGREGATE_VERSION).value(), UTF_8))
        .toList();
  }

  private static void synchronousStandby(String name) {
    database.useHandle(
        h -> {
          h.execute("alter system set synchronous_standby_names = '%s'".formatted(name));
          h.createQuery("select pg_reload_conf()").mapTo(Boolean.class).one();
        });
    // Commits depend on what the checkpointer knows.
    await("the server to know its synchronous standby")
        .atMost(SOON)
        .until(
            () ->
                database.withHandle(
                    h -> h.createQuery("show synchronous_standby_names").mapTo(String.class).one()),
            name::equals);
  }

  private static void signal(String name, int pid) {
    try {
      int code = new ProcessBuilder("kill", "-" + name, Integer.toString(pid)).start().waitFor();
      assertThat(code).as("kill -%s %d", name, pid).isZero();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot send a signal", e);
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted while a signal is sent", e);
    }
  }

  /// Returns the server's process that reads the slot; none if there is none.
  private static List<Integer> slotReader() {
    return database.withHandle(
        h ->
            h.createQuery(
                    "select active_pid from pg_replication_slots where slot_name = 'tidemark_relay'"
                        + " and active_pid is not null")
                .mapTo(Integer.class)
                .list());
  }

  private static Map<String, String> environment() {
    return Map.of(
        "DATABASE_URL",
        postgres.url(),
        "DATABASE_USER",
        "tidemark_relay",
        "KAFKA_BOOTSTRAP_SERVERS",
        kafka.bootstrapServers(),
        "KAFKA_PRODUCT_TOPIC",
        "product.events,order.events");
  }
}
