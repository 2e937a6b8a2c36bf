package dev.tidemark.relay.session;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.db.Migration;
import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.embedded.PostgresServer;
import dev.tidemark.relay.SharedServers;
import dev.tidemark.relay.settings.Configuration;
import dev.tidemark.relay.sink.ConfirmedLimit;
import dev.tidemark.relay.sink.KafkaPositions;
import dev.tidemark.relay.sink.PublishedRows;
import dev.tidemark.relay.source.Change;
import dev.tidemark.relay.source.ChangeSource;
import dev.tidemark.relay.source.OutboxRow;
import dev.tidemark.relay.status.RelayStatus.Failed;
import dev.tidemark.relay.status.RelayStatus.StandingBy;
import dev.tidemark.relay.status.RelayStatus.Streaming;
import dev.tidemark.relay.status.SlotState;
import dev.tidemark.service.settings.DatabaseUrl;
import java.io.StringReader;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.connect.errors.RetriableException;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.postgresql.PGConnection;
import org.postgresql.replication.LogSequenceNumber;

@ExtendWith(SharedServers.class)
class RelayIT {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final String TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

  private static PostgresServer postgres;
  private static KafkaServer kafka;
  private static Jdbi database;

  private final String aggregate = "a-" + UUID.randomUUID();
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
  }

  @AfterEach
  void stopRelay() {
    relay.close();
  }

  @Test
  void rowBecomesAnEventWithKeyValueAndHeaders() {
    var before = Instant.now();
    var rowId =
        database.withHandle(
            h ->
                h.createQuery(
                        """
                        insert into outbox (aggregatetype, aggregateid, version, type, payload, traceparent)
                        values ('product', :id, 7, 'product.updated', '{"name": "Kettle €"}', :trace)
                        returning id
                        """)
                    .bind("id", aggregate)
                    .bind("trace", TRACE)
                    .mapTo(String.class)
                    .one());

    var event = awaitEvents(1).getFirst();

    assertThat(event.key()).asString(UTF_8).isEqualTo(aggregate);
    assertThat(event.value()).asString(UTF_8).isEqualTo("{\"name\": \"Kettle €\"}");
    assertThat(headers(event))
        .containsEntry("ce_specversion", "1.0")
        .containsEntry("ce_id", rowId)
        .containsEntry("ce_type", "product.updated")
        .containsEntry("ce_subject", aggregate)
        .containsEntry("ce_aggregateversion", "7")
        .containsEntry("content-type", "application/json")
        .containsEntry("traceparent", TRACE);
    assertThat(Instant.parse(headers(event).get("ce_time"))).isBetween(before, Instant.now());
  }

  @Test
  void rolledBackRowNeverAppears() {
    database.useHandle(
        h -> {
          h.begin();
          insert(h, aggregate, 1);
          h.rollback();
        });
    write(aggregate, 2);

    assertThat(versions(awaitEvents(1))).containsExactly(2L);
  }

  @Test
  void otherAggregateTypesGoToTheirOwnTopic() {
    database.useHandle(
        h ->
            h.execute(
                "insert into outbox (aggregatetype, aggregateid, version, type, payload) values"
                    + " ('order', ?, 1, 'order.placed', '{}')",
                aggregate));

    await()
        .atMost(SOON)
        .untilAsserted(
            () -> assertThat(Topic.committed(kafka, "order.events")).anyMatch(this::isOurs));
  }

  @Test
  void rowThatBreaksTheContractIsADeadLetterAndTheStreamGoesOn() {
    database.useHandle(
        h ->
            h.execute(
                "insert into outbox (aggregatetype, aggregateid, version, type, payload) values"
                    + " ('product', ?, 0, 'product.created', '{\"x\":1}')",
                aggregate));
    write(aggregate, 1);

    assertThat(versions(awaitEvents(1))).containsExactly(1L);
    var dead = Topic.committed(kafka, "product.events.dlt").stream().filter(this::isOurs).toList();
    assertThat(dead).hasSize(1);
    assertThat(dead.getFirst().value()).asString(UTF_8).isEqualTo("{\"x\":1}");
    assertThat(headers(dead.getFirst()).get("dlt-reason")).contains("version 0 must be between 1");
  }

  @Test
  void deadLettersOfAnotherTypeAreBesideItsOwnTopic() {
    database.useHandle(
        h ->
            h.execute(
                "insert into outbox (aggregatetype, aggregateid, version, type, payload) values"
                    + " ('order', ?, 0, 'order.placed', '{}')",
                aggregate));
    write(aggregate, 1);
    awaitEvents(1);

    assertThat(Topic.committed(kafka, "order.events.dlt"))
        .filteredOn(this::isOurs)
        .singleElement()
        .satisfies(dead -> assertThat(headers(dead)).containsEntry("dlt-topic", "order.events"));
  }

  @Test
  void topicsOfOtherTypesCanBeMadeAhead() throws Exception {
    var topic = "type" + UUID.randomUUID() + ".events";
    relay.close();
    relay = RunningRelay.start(environment("KAFKA_PRODUCT_TOPIC", "product.events, " + topic));

    await().atMost(SOON).until(() -> relay.status().phase() instanceof Streaming);
    try (var admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()))) {
      assertThat(admin.listTopics().names().get()).contains(topic);
    }
  }

  /// The id goes into a record twice, as its key and in a header; a field that can also be in a
  /// dead letter's reason counts twice as well.
  @ParameterizedTest
  @CsvSource({
    "payload,       4200000",
    "traceparent,   4200000",
    "aggregateid,   2100000",
    "aggregatetype, 2100000",
    "type,          2100000",
  })
  void rowThatNoRecordCanHoldIsADeadLetterAndTheStreamGoesOn(String column, int characters) {
    var rowId = UUID.randomUUID();
    database.useHandle(
        h -> {
          h.begin();
          h.execute("create temporary table one (like outbox including defaults) on commit drop");
          h.execute(
              "insert into one (id, aggregatetype, aggregateid, version, type, payload) values (?,"
                  + " 'product', ?, 1, 'product.created', '{}')",
              rowId,
              aggregate);
          h.execute(
              "update one set %s = %s"
                  .formatted(
                      column,
                      column.equals("payload")
                          ? "to_json(repeat('x', %d))".formatted(characters)
                          : "'product.' || repeat('x', %d)".formatted(characters)));
          h.execute("insert into outbox select * from one");
          h.commit();
        });
    write(aggregate, 2);

    assertThat(versions(awaitEvents(1))).containsExactly(2L);
    assertThat(Topic.committed(kafka, "product.events.dlt"))
        .filteredOn(letter -> headers(letter).get("ce_id").equals(rowId.toString()))
        .singleElement()
        .satisfies(
            letter -> {
              assertThat(headers(letter).get("dlt-reason")).contains("the row is over");
              assertThat(isOurs(letter)).isEqualTo(!column.equals("aggregateid"));
            });
  }

  @Test
  void largestRowIsPublished() {
    int rest = 2 * (aggregate + "product" + "product.created").length();
    database.useHandle(
        h ->
            h.execute(
                "insert into outbox (aggregatetype, aggregateid, version, type, payload) values"
                    + " ('product', ?, 1, 'product.created', to_json(repeat('x', ?)))",
                aggregate,
                OutboxRow.MAX_BYTES - rest - 2));

    assertThat(versions(awaitEvents(1))).containsExactly(1L);
  }

  /// Rows are written until the relay has died twice: it dies before a batch only where that is not
  /// its session's first.
  @Test
  void atLeastOnceLosesNothingAndKeepsTheOrder() {
    relay.close();
    int rows = 0;
    var environment = environment("RELAY_DELIVERY", "at-least-once");
    try (var dying = RunningRelay.start(environment, 2);
        var session = database.open()) {
      long begin = System.nanoTime();
      while (rows < 1_000 || dying.deaths() < 2) {
        insert(session, aggregate, ++rows);
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(SOON);
      }
      int written = rows;
      await()
          .atMost(SOON)
          .untilAsserted(
              () ->
                  assertThat(new TreeSet<>(versions(ourEvents())))
                      .containsExactlyElementsOf(upTo(written)));
    }
    var seen = 0L;
    for (var version : versions(ourEvents())) {
      assertThat(version).as("after %d", seen).isLessThanOrEqualTo(seen + 1);
      seen = Math.max(seen, version);
    }
    relay = RunningRelay.start(environment());
  }

  /// Arrangement of several rows in one transaction, and so under one LSN or around it.
  enum Shape {
    ROW_BY_ROW,
    MANY_ROWS_IN_ONE_INSERT,
    COPY
  }

  /// H27, H27c: the relay dies between Kafka's commit and the confirmation, in the middle of a
  /// transaction.
  @ParameterizedTest
  @EnumSource
  void deathInsideATransactionLosesAndRepeatsNothing(Shape shape) throws Exception {
    int rows = 10_000;
    relay.close();
    writeTransaction(shape, rows);

    try (var dying = RunningRelay.start(environment(), 3)) {
      await().atMost(SOON).until(() -> dying.deaths() >= 3);
    }
    relay = RunningRelay.start(environment());

    assertThat(versions(awaitEvents(rows))).containsExactlyElementsOf(upTo(rows));
  }

  @Test
  void withoutItsMemoryTheRelayWouldRepeatEvents() throws Exception {
    int rows = 5_000;
    // Otherwise the one death would hit a row of an earlier test.
    awaitConfirmedPast(currentLsn());
    relay.close();
    writeTransaction(Shape.COPY, rows);

    try (var forgetful = RunningRelay.startForgetful(environment(), 1)) {
      await().atMost(SOON).until(() -> forgetful.deaths() >= 1);
      await().atMost(SOON).untilAsserted(() -> assertThat(ourEvents()).hasSizeGreaterThan(rows));
    }
    relay = RunningRelay.start(environment());
  }

  /// H26: Debezium's engine treats an exception of this kind as permission to drop the batch. No
  /// later version of the aggregate follows, which would show the loss.
  @Test
  void batchThatARetriableFaultKeptFromBeingTakenComesAgain_H26() {
    var faults = new AtomicInteger();
    relay.close();
    relay = RunningRelay.start(environment(), source -> failingOnce(source, faults));

    write(aggregate, 1);
    await().atMost(SOON).until(() -> faults.get() == 1);
    awaitConfirmedPast(currentLsn());

    assertThat(versions(awaitEvents(1))).containsExactly(1L);
  }

  /// Fails at the first batch that has an event of this test's aggregate.
  private ChangeSource failingOnce(ChangeSource real, AtomicInteger faults) {
    return new ChangeSource() {
      @Override
      public void run(Receiver receiver) {
        real.run(
            batch -> {
              if (batch.changes().stream().anyMatch(this::isOurs)
                  && faults.getAndIncrement() == 0) {
                throw new RetriableException("the first time it fails");
              }
              receiver.receive(batch);
            });
      }

      private boolean isOurs(Change change) {
        return change.content() instanceof Change.Event(var event)
            && event.aggregateId().equals(aggregate);
      }

      @Override
      public void close() {
        real.close();
      }
    };
  }

  /// A transaction stays open across another's commit. Its next row lies exactly at the end of that
  /// commit, where the slot is confirmed. The relay stops before it commits.
  @Test
  void rowAtTheVeryEndOfAConfirmedCommitIsPublished_H27b() throws Exception {
    relay.close();
    for (boolean isAtTheEnd = false; !isAtTheEnd; ) {
      var id = aggregate + "-" + UUID.randomUUID();
      var other = "other than " + id;
      try (var open = database.open()) {
        String end;
        try (var quiet = RunningRelay.startWithoutHousekeeping(environment())) {
          await().atMost(SOON).until(() -> quiet.status().phase() instanceof Streaming);
          open.begin();
          insert(open, id, 1);
          write(other, 1);
          // Read through a connection that need not be made or planned first.
          end = lsn(open, "pg_current_wal_insert_lsn()");
          insert(open, id, 2);
          insert(open, id, 3);
          await().atMost(SOON).until(() -> events(other).size() == 1);
        }
        confirm(end);
        var transaction = lsn(open, "pg_current_xact_id()");
        open.commit();
        isAtTheEnd = lsnsOfRows(transaction).get(1).equals(end);
      }
      try (var quiet = RunningRelay.startWithoutHousekeeping(environment())) {
        await().atMost(SOON).until(() -> events(id).size() >= 3);
        assertThat(versions(events(id))).containsExactly(1L, 2L, 3L);
        assertThat(events(other)).hasSize(1);
        assertThat(quiet.status().lastRepair()).isEmpty();
      }
    }
    relay = RunningRelay.start(environment());
  }

  /// Confirms like a relay that is stopped: it records the limit, then confirms.
  private static void confirm(String end) {
    var configuration = Configuration.from(environment());
    var slot = database.withHandle(h -> SlotState.read(h, configuration.slot()));
    try (var producer =
        new KafkaProducer<>(
            configuration.kafka(), new ByteArraySerializer(), new ByteArraySerializer())) {
      var _ =
          producer.send(
              new KafkaPositions(configuration, slot)
                  .record(
                      PublishedRows.Progress.of(
                          Optional.empty(),
                          new ConfirmedLimit(slot.timeline(), LogSequenceNumber.valueOf(end)))));
    }
    await()
        .atMost(SOON)
        .ignoreExceptions()
        .until(
            () ->
                database.withHandle(
                    h ->
                        h.createQuery(
                                "select pg_replication_slot_advance('tidemark_relay', cast(? as"
                                    + " pg_lsn)) is not null")
                            .bind(0, end)
                            .mapTo(Boolean.class)
                            .one()));
    assertThat(
            database
                .withHandle(h -> SlotState.read(h, configuration.slot()))
                .confirmed()
                .asString())
        .isEqualTo(LogSequenceNumber.valueOf(end).asString());
  }

  private static String lsn(Handle handle, String expression) {
    return handle.createQuery("select %s::text".formatted(expression)).mapTo(String.class).one();
  }

  /// Returns the positions of the rows in the log, from the output of the slot.
  private static List<String> lsnsOfRows(String transaction) {
    return database.withHandle(
        h ->
            h.createQuery(
                    """
                    select lsn::text
                      from pg_logical_slot_peek_binary_changes('tidemark_relay', null, null,
                               'proto_version', '1', 'publication_names', 'tidemark_outbox')
                     where xid::text = :transaction and get_byte(data, 0) = ascii('I')
                    """)
                .bind("transaction", transaction)
                .mapTo(String.class)
                .list());
  }

  @Test
  void confirmedPositionMovesOnWhileTheOutboxIsQuiet() {
    database.useHandle(
        h -> h.execute("create table if not exists unrelated as select generate_series(1, 1000)"));

    awaitConfirmedPast(currentLsn());
  }

  @Test
  void brokerKilledAndBackLosesAndRepeatsNothing() {
    write(aggregate, 1);
    awaitEvents(1);
    kafka.kill();
    write(2, 50);
    kafka.restart();

    assertThat(versions(awaitEvents(50))).containsExactlyElementsOf(upTo(50));
  }

  @Test
  void databaseKilledAndBackLosesAndRepeatsNothing() {
    write(1, 50);
    awaitEvents(50);
    postgres.kill();
    postgres.restart();
    write(51, 60);

    assertThat(versions(awaitEvents(60))).containsExactlyElementsOf(upTo(60));
  }

  /// The confirmed position steps back when the server crashes, as far as the restart position. An
  /// open transaction holds the restart position back, and so keeps the server from saving the
  /// confirmed one.
  @Test
  void databaseKilledAfterTheTakeOverLosesAndRepeatsNothing() throws SQLException {
    try (var open = DriverManager.getConnection(postgres.jdbcUrl())) {
      open.setAutoCommit(false);
      insert(Jdbi.create(open).open(), "open-" + aggregate, 1);
      write(1, 20);
      awaitEvents(20);
      awaitConfirmedPast(currentLsn());
      relay.close();
      relay =
          RunningRelay.start(
              environment(),
              () -> {
                postgres.kill();
                postgres.restart();
              });
      await().atMost(SOON).until(() -> relay.status().phase() instanceof Streaming);
    }
    write(aggregate, 21);

    assertThat(versions(awaitEvents(21))).containsExactlyElementsOf(upTo(21));
  }

  @Test
  void secondRelayStandsByAndTakesOver() {
    await().atMost(SOON).until(() -> relay.status().phase() instanceof Streaming);
    try (var second = RunningRelay.start(environment())) {
      await().atMost(SOON).until(() -> second.status().phase() instanceof StandingBy);
      write(aggregate, 1);
      awaitEvents(1);

      relay.close();
      write(aggregate, 2);

      assertThat(versions(awaitEvents(2))).containsExactly(1L, 2L);
      assertThat(second.status().phase()).isInstanceOf(Streaming.class);
    }
    relay = RunningRelay.start(environment());
  }

  /// No batch comes without heartbeats that would detect it.
  @Test
  void relayThatLosesItsLeadershipEndsItsStreamAtOnceAndBeginsAnew() {
    relay.close();
    try (var quiet = RunningRelay.startWithoutHousekeeping(environment())) {
      await().atMost(SOON).until(() -> slotReader().isPresent());
      var reader = slotReader();

      database.useHandle(
          h ->
              h.execute(
                  "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'"));

      await().atMost(SOON).until(() -> slotReader().isPresent() && !slotReader().equals(reader));
      write(aggregate, 1);
      assertThat(versions(awaitEvents(1))).containsExactly(1L);
      assertThat(quiet.status().phase()).isInstanceOf(Streaming.class);
    }
    relay = RunningRelay.start(environment());
  }

  @Test
  void missingSlotIsSaidInWords() {
    var environment = environment("TIDEMARK_RELAY_SLOT", "no_such_slot");

    try (var lost = RunningRelay.start(environment)) {
      await()
          .atMost(SOON)
          .untilAsserted(
              () ->
                  assertThat(lost.status().phase())
                      .isInstanceOfSatisfying(
                          Failed.class,
                          failed ->
                              assertThat(failed.reason())
                                  .contains("no_such_slot")
                                  .contains("tidemark migrate")));
    }
  }

  private void writeTransaction(Shape shape, int rows) throws Exception {
    database.useTransaction(
        transaction -> {
          switch (shape) {
            case ROW_BY_ROW ->
                upTo(rows).forEach(v -> insert(transaction, aggregate, v.intValue()));
            case MANY_ROWS_IN_ONE_INSERT ->
                transaction.execute(
                    """
                    insert into outbox (aggregatetype, aggregateid, version, type, payload)
                    select 'product', ?, n, 'product.updated', '{}' from generate_series(1, ?) n
                    """,
                    aggregate,
                    rows);
            case COPY -> {
              var lines = new StringBuilder();
              upTo(rows)
                  .forEach(
                      v ->
                          lines.append(
                              "product\t%s\t%d\tproduct.updated\t{}\n".formatted(aggregate, v)));
              transaction
                  .getConnection()
                  .unwrap(PGConnection.class)
                  .getCopyAPI()
                  .copyIn(
                      "copy outbox (aggregatetype, aggregateid, version, type, payload) from stdin",
                      new StringReader(lines.toString()));
            }
          }
        });
  }

  /// Writes each row in a transaction of its own.
  private void write(int first, int last) {
    database.useHandle(
        h -> IntStream.rangeClosed(first, last).forEach(version -> insert(h, aggregate, version)));
  }

  private static void write(String aggregateId, int version) {
    database.useHandle(h -> insert(h, aggregateId, version));
  }

  private static void insert(Handle handle, String aggregateId, int version) {
    handle.execute(
        "insert into outbox (aggregatetype, aggregateid, version, type, payload) values ('product',"
            + " ?, ?, 'product.updated', '{}')",
        aggregateId,
        version);
  }

  /// Returns the server's process that reads the slot.
  private static Optional<Integer> slotReader() {
    return database.withHandle(
        h ->
            h.createQuery(
                    "select active_pid from pg_replication_slots where slot_name = 'tidemark_relay'"
                        + " and active_pid is not null")
                .mapTo(Integer.class)
                .findOne());
  }

  private static String currentLsn() {
    return database.withHandle(
        h -> h.createQuery("select pg_current_wal_lsn()::text").mapTo(String.class).one());
  }

  private static void awaitConfirmedPast(String lsn) {
    await()
        .atMost(SOON)
        .until(
            () ->
                database.withHandle(
                    h ->
                        h.createQuery(
                                "select confirmed_flush_lsn >= cast(:lsn as pg_lsn) from"
                                    + " pg_replication_slots where slot_name = 'tidemark_relay'")
                            .bind("lsn", lsn)
                            .mapTo(Boolean.class)
                            .one()));
  }

  private List<ConsumerRecord<byte[], byte[]>> awaitEvents(int count) {
    await()
        .atMost(SOON)
        .untilAsserted(() -> assertThat(ourEvents()).hasSizeGreaterThanOrEqualTo(count));
    return ourEvents();
  }

  private List<ConsumerRecord<byte[], byte[]>> ourEvents() {
    return events(aggregate);
  }

  private static List<ConsumerRecord<byte[], byte[]>> events(String aggregateId) {
    return Topic.committed(kafka, "product.events").stream()
        .filter(record -> new String(record.key(), UTF_8).equals(aggregateId))
        .toList();
  }

  private boolean isOurs(ConsumerRecord<byte[], byte[]> record) {
    return record.key() != null && new String(record.key(), UTF_8).equals(aggregate);
  }

  private static List<Long> versions(List<ConsumerRecord<byte[], byte[]>> events) {
    return events.stream().map(e -> Long.valueOf(headers(e).get("ce_aggregateversion"))).toList();
  }

  private static Map<String, String> headers(ConsumerRecord<byte[], byte[]> record) {
    return Arrays.stream(record.headers().toArray())
        .collect(toMap(h -> h.key(), h -> new String(h.value(), UTF_8)));
  }

  private static List<Long> upTo(int last) {
    return LongStream.rangeClosed(1, last).boxed().toList();
  }

  private static Map<String, String> environment(String... more) {
    var environment =
        new HashMap<>(
            Map.of(
                "DATABASE_URL", postgres.url(),
                "KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrapServers()));
    for (int i = 0; i < more.length; i += 2) {
      environment.put(more[i], more[i + 1]);
    }
    return environment;
  }
}
