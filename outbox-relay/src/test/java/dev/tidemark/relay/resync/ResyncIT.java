package dev.tidemark.relay.resync;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.tidemark.db.Migration;
import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.embedded.PgBouncer;
import dev.tidemark.embedded.PostgresServer;
import dev.tidemark.event.EventHeaders;
import dev.tidemark.event.OutboxEvent;
import dev.tidemark.relay.SharedServers;
import dev.tidemark.relay.session.RunningRelay;
import dev.tidemark.relay.session.Topic;
import dev.tidemark.relay.settings.Configuration;
import dev.tidemark.relay.status.RelayStatus;
import dev.tidemark.relay.status.RelayStatus.Streaming;
import dev.tidemark.service.settings.DatabaseUrl;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// Promises of `resync`, beside a live relay and writers.
@ExtendWith(SharedServers.class)
class ResyncIT {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final String TOPIC = "product.events";

  /// Pause of a constant writer, about the time of a commit that waits for a disk.
  private static final Duration PAUSE = Duration.ofMillis(5);

  @TempDir static Path folder;
  private static PostgresServer postgres;
  private static KafkaServer kafka;
  private static Jdbi database;
  private static RunningRelay relay;

  /// Each test has products of its own.
  private final String prefix = "p" + UUID.randomUUID() + "-";

  private final List<String> news = new ArrayList<>();

  @BeforeAll
  static void prepare(PostgresServer server, KafkaServer broker) throws SQLException {
    postgres = server;
    kafka = broker;
    new Migration(DatabaseUrl.parse(postgres.url()), line -> {}).run();
    database = Jdbi.create(postgres.jdbcUrl());
    relay = RunningRelay.start(environment());
  }

  @AfterAll
  static void stopRelay() {
    relay.close();
  }

  @BeforeEach
  void relayStreams() {
    await().atMost(SOON).until(() -> relay.status().phase() instanceof Streaming);
  }

  @Test
  void everyProductIsSentAgainWithItsVersionDeletedOnesToo() {
    insert(5);
    update(id(2));
    database.useHandle(h -> h.execute("delete from product where id = ?", id(3)));
    awaitLive(7);

    var result = resync("--all", "--json");

    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out()).contains("\"interrupted\":false").contains("\"overtaken\":0");
    assertThat(resynced())
        .extracting(this::told)
        .containsExactlyInAnyOrder(
            id(1) + " 1 product.updated",
            id(2) + " 2 product.updated",
            id(3) + " 2 product.deleted",
            id(4) + " 1 product.updated",
            id(5) + " 1 product.updated");
  }

  @Test
  void valueAndHeadersAreThoseOfTheEvent() {
    insert(1);
    var live = awaitLive(1).getFirst();

    resync("--id", id(1));

    var again = resynced().getFirst();
    assertThat(again.value()).asString(UTF_8).isEqualTo(new String(live.value(), UTF_8));
    var names = new ArrayList<String>();
    live.headers().forEach(h -> names.add(h.key()));
    names.add(EventHeaders.RESYNC);
    assertThat(again.headers()).extracting(h -> h.key()).containsExactlyElementsOf(names);
  }

  @Test
  void onlyTheProductsAskedForAreSent() {
    insert(9);

    resync("--prefix", prefix, "--from", id(3), "--to", id(4));
    resync("--id", id(6), "--id", id(8));

    assertThat(keys(resynced())).containsExactlyInAnyOrder(id(3), id(4), id(6), id(8));
  }

  @Test
  void dryRunCountsAndSendsNothing() {
    insert(4);

    var result = resync("--prefix", prefix, "--dry-run", "--json");

    assertThat(result.out().strip()).isEqualTo("{\"dryRun\":true,\"products\":4}");
    assertThat(result.code()).isZero();
    assertThat(resynced()).isEmpty();
  }

  @Test
  void unknownIdIsToldAndTheOthersAreSent() {
    insert(1);

    var result = resync("--id", id(1), "--id", id(2));

    assertThat(result.code()).isEqualTo(1);
    assertThat(result.err()).contains("there is no product " + id(2));
    assertThat(keys(resynced())).containsExactly(id(1));
  }

  @Test
  void wrongOptionsAreAUsageError() {
    assertThat(resync("--all", "--id", "x").code()).isEqualTo(2);
    assertThat(resync("--rate", "0").code()).isEqualTo(2);
    assertThat(resync("--rate", "many").code()).isEqualTo(2);
    assertThat(resync("--rate", "many").err())
        .contains("--rate", "'many' is no rate like 500/s")
        .doesNotContain("Exception");
  }

  @Test
  void rateIsKept() {
    insert(20);
    long begin = System.nanoTime();

    resync("--prefix", prefix, "--rate", "20/s");

    // The limiter allows one at once and the others at 50 ms each.
    assertThat(Duration.ofNanos(System.nanoTime() - begin))
        .isGreaterThanOrEqualTo(Duration.ofMillis(900));
    assertThat(resynced()).hasSize(20);
  }

  /// The last record of a key is the one that compaction keeps.
  @Test
  void stateThatIsOvertakenWhileItIsSentNeverComesAfterTheNewerEvent() {
    insert(3);
    awaitLive(3);
    var run =
        run(
            new Interference() {
              @Override
              void afterPage(List<OutboxEvent> page) {
                if (!page.isEmpty()) {
                  update(id(2));
                  awaitLive(4);
                }
              }
            });

    assertThat(run.run()).isTrue();

    assertThat(run.overtaken()).isEqualTo(1);
    assertThat(keys(resynced())).containsExactlyInAnyOrder(id(1), id(3));
    assertThat(lastVersion(id(2))).isEqualTo(2);
  }

  /// A commit that waits for a standby is in the log, but no reader sees it: a state that is sent
  /// then is neither the new one nor the one before. If another connector published from the log at
  /// once, the older state would come last if a plain read were trusted.
  @Test
  void commitThatIsInTheLogAndNotYetVisibleIsWaitedFor_H44() throws Exception {
    insert(3);
    awaitLive(3);
    var writer = Thread.ofPlatform().unstarted(() -> update(id(2)));
    var released = new AtomicBoolean();
    try {
      synchronousStandby("nobody");
      var run =
          run(
              new Interference() {
                @Override
                void afterPage(List<OutboxEvent> page) {
                  if (writer.getState() == Thread.State.NEW) {
                    writer.start();
                    awaitCommitThatWaits();
                  }
                }

                @Override
                void afterSettled(Map<String, Long> versions) {
                  if (!versions.containsKey(id(2)) && !released.getAndSet(true)) {
                    synchronousStandby("");
                  }
                }
              });

      assertThat(run.run()).isTrue();

      assertThat(released).as("the product was found held").isTrue();
      assertThat(keys(resynced())).containsExactlyInAnyOrder(id(1), id(3));
      awaitLive(4);
      assertThat(lastVersion(id(2))).isEqualTo(2);
    } finally {
      synchronousStandby("");
      writer.join();
    }
  }

  @Test
  void productHeldByATransactionThatRollsBackIsSent() {
    insert(2);
    try (var open = database.open()) {
      open.begin();
      open.execute("update product set name = 'Held' where id = ?", id(1));
      var run =
          run(
              new Interference() {
                @Override
                void afterSettled(Map<String, Long> versions) {
                  if (open.isInTransaction()) {
                    open.rollback();
                  }
                }
              });

      assertThat(run.run()).isTrue();
    }
    assertThat(resynced())
        .extracting(this::told)
        .containsExactlyInAnyOrder(id(1) + " 1 product.updated", id(2) + " 1 product.updated");
  }

  @Test
  void productHeldForTooLongIsNamedAndNothingOfItIsSent() {
    insert(2);
    try (var open = database.open()) {
      open.begin();
      open.execute("update product set name = 'Held' where id = ?", id(1));

      assertThatThrownBy(() -> run(new Interference(), Duration.ofSeconds(1)).run())
          .isInstanceOf(ResyncRun.Failed.class)
          .hasMessageContaining(id(1))
          .hasMessageContaining("pg_stat_activity");
      open.rollback();
    }
    assertThat(keys(resynced())).containsExactly(id(2));
  }

  /// One writer after the other waits for the row: it is never free, and its version still rises.
  @Test
  void productThatIsWrittenWithoutARestIsLeftToItsOwnEvents() {
    insert(2);
    try (var first = database.open();
        var second = database.open()) {
      first.begin();
      update(first, id(1));
      var run =
          run(
              new Interference() {
                @Override
                void afterSettled(Map<String, Long> versions) {
                  if (first.isInTransaction()) {
                    first.commit();
                    second.begin();
                    update(second, id(1));
                  }
                }
              },
              Duration.ofSeconds(5));

      assertThat(run.run()).isTrue();

      assertThat(run.overtaken()).isEqualTo(1);
      second.commit();
    }
    assertThat(keys(resynced())).containsExactly(id(2));
  }

  @Test
  void underWritesTheNewestVersionOfEachProductIsTheLastInTheTopic() throws Exception {
    long seed = System.nanoTime();
    int products = 200;
    insert(products);
    var stop = new AtomicBoolean();
    var writes = new AtomicInteger();
    var writers =
        IntStream.range(0, 3)
            .mapToObj(
                n ->
                    Thread.ofPlatform()
                        .start(
                            () -> {
                              var random = new Random(seed + n);
                              try (var handle = database.open()) {
                                while (!stop.get()) {
                                  update(handle, id(1 + random.nextInt(products)));
                                  writes.incrementAndGet();
                                  // Faster ones would leave no state that is sent.
                                  LockSupport.parkNanos(PAUSE.toNanos());
                                }
                              }
                            }))
            .toList();
    long overtaken = 0;
    try {
      for (int i = 0; i < 20; i++) {
        var run = run(new Interference());
        assertThat(run.run()).isTrue();
        assertThat(run.sent() + run.overtaken()).isEqualTo(products);
        overtaken += run.overtaken();
      }
    } finally {
      stop.set(true);
      for (var writer : writers) {
        writer.join();
      }
    }
    awaitLive(products + writes.get());

    System.out.printf(
        "seed %d: %d writes, %d states left out of %d%n",
        seed, writes.get(), overtaken, 20 * products);
    var inDatabase =
        database.withHandle(
            h ->
                h.createQuery("select id, version from product where starts_with(id, :p)")
                    .bind("p", prefix)
                    .reduceRows(
                        new HashMap<String, Long>(),
                        (versions, row) -> {
                          versions.put(
                              row.getColumn("id", String.class),
                              row.getColumn("version", Long.class));
                          return versions;
                        }));
    assertThat(lastVersions()).as("seed %d", seed).isEqualTo(inDatabase);
  }

  @Test
  void interruptedRunGoesOnWhereItEnded() {
    int products = 3 * ResyncRun.LARGEST_PAGE;
    insert(products);
    var run = new ResyncRun[1];
    run[0] =
        run(
            new Interference() {
              @Override
              void afterPage(List<OutboxEvent> page) {
                run[0].stop();
              }
            });

    assertThat(run[0].run()).isFalse();
    assertThat(resynced()).hasSize(ResyncRun.LARGEST_PAGE);
    resync("--prefix", prefix, "--from", run[0].lastId().orElseThrow());

    assertThat(keys(resynced()).stream().distinct()).hasSize(products);
    assertThat(resynced()).as("the last one of the first run twice").hasSize(products + 1);
  }

  @Test
  void signalEndsTheProgramWithAHintHowToGoOn() throws Exception {
    insert(200);
    var builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                ResyncProgram.class.getName(),
                "--prefix",
                prefix,
                "--rate",
                "8/s")
            .redirectError(folder.resolve(prefix + "err").toFile());
    builder.environment().putAll(environment());
    var process = builder.start();
    try {
      await().atMost(SOON).until(() -> resynced().size() >= 4);
      process.destroy();

      assertThat(process.waitFor(SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isEqualTo(Resync.INTERRUPTED);
      var last = keys(resynced()).stream().max(String::compareTo).orElseThrow();
      assertThat(folder.resolve(prefix + "err"))
          .content()
          .contains("go on with: resync --from %s --prefix %s --rate 8/s".formatted(last, prefix));
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void brokerKilledAndBackIsSurvived() {
    insert(3);
    awaitLive(3);
    var killed = new AtomicBoolean();
    var run =
        run(
            new Interference() {
              @Override
              void afterPage(List<OutboxEvent> page) {
                if (!killed.getAndSet(true)) {
                  kafka.kill();
                  kafka.restart();
                }
              }
            },
            Duration.ofMinutes(1));

    assertThat(run.run()).isTrue();
    assertThat(keys(resynced())).contains(id(1), id(2), id(3));
  }

  @Test
  void connectionLostInTheMiddleOfAPageIsSurvivedAndThePageCountsOnce() {
    insert(3);
    var lost = new AtomicBoolean();
    var run =
        run(
            new Interference() {
              @Override
              void beforeSettled() {
                if (!lost.getAndSet(true)) {
                  database.useHandle(
                      h ->
                          h.createQuery(
                                  "select pg_terminate_backend(pid) from pg_stat_activity where"
                                      + " application_name = 'resync-it'")
                              .mapTo(Boolean.class)
                              .list());
                }
              }
            });

    assertThat(run.run()).isTrue();
    assertThat(news).anyMatch(line -> line.startsWith("trying again"));
    assertThat(keys(resynced())).containsExactlyInAnyOrder(id(1), id(2), id(3));
  }

  @Test
  void behindAPoolerNothingIsSent_H59(@TempDir Path own) throws Exception {
    var started = PgBouncer.start(own, postgres, "tidemark_relay");
    Assumptions.assumeTrue(started.isPresent(), "this machine has no pgbouncer");
    try (var pooler = started.get()) {
      var environment = new HashMap<>(environment());
      environment.put(
          "DATABASE_URL",
          "postgresql://tidemark_relay@127.0.0.1:%d/tidemark".formatted(pooler.port()));
      var err = new StringWriter();
      var code =
          ResyncProgram.commandLine(environment).setErr(new PrintWriter(err)).execute("--dry-run");
      assertThat(code).isEqualTo(1);
      assertThat(err.toString())
          .contains("resync failed: DATABASE_URL leads to a connection pooler that shares");
    }
  }

  @Test
  void secondRunAtTheSameTimeIsRefused() {
    insert(1);
    var second = new ArrayList<Result>();
    var run =
        run(
            new Interference() {
              @Override
              void afterPage(List<OutboxEvent> page) {
                if (!page.isEmpty()) {
                  second.add(resync("--id", id(1)));
                }
              }
            });

    assertThat(run.run()).isTrue();
    assertThat(second)
        .singleElement()
        .satisfies(
            r -> {
              assertThat(r.code()).isEqualTo(1);
              assertThat(r.err()).contains("another resync runs");
            });
    assertThat(resynced()).hasSize(1);
  }

  @Test
  void liveRelayIsNotFenced() {
    insert(2);
    awaitLive(2);
    var slips = new ArrayList<RelayStatus.Phase>();
    var run =
        run(
            new Interference() {
              @Override
              void afterSettled(Map<String, Long> versions) {
                slips.add(relay.status().phase());
              }
            });
    run.run();
    update(id(1));

    awaitLive(3);
    assertThat(slips).isNotEmpty().allMatch(phase -> phase instanceof Streaming);
    assertThat(relay.status().phase()).isInstanceOf(Streaming.class);
  }

  @Test
  void runsWithTheRelaysRole() {
    insert(2);

    var result = resync(Map.of("DATABASE_URL", asRelay()), "--prefix", prefix);

    assertThat(result.code()).as(result.err()).isZero();
    assertThat(keys(resynced())).containsExactlyInAnyOrder(id(1), id(2));
  }

  /// Action at certain moments of a run.
  static class Interference {
    void afterPage(List<OutboxEvent> page) {}

    void beforeSettled() {}

    void afterSettled(Map<String, Long> versions) {}
  }

  private record Interfered(PostgresProducts real, Interference interference) implements Products {
    @Override
    public long count(ProductRange range) {
      return real.count(range);
    }

    @Override
    public List<String> unknown(List<String> ids) {
      return real.unknown(ids);
    }

    @Override
    public List<OutboxEvent> page(ProductRange range, Optional<String> after, int most) {
      var page = real.page(range, after, most);
      interference.afterPage(page);
      return page;
    }

    @Override
    public Map<String, Long> versions(List<String> ids) {
      return real.versions(ids);
    }

    @Override
    public Map<String, Long> settledVersions(List<String> ids) {
      interference.beforeSettled();
      var versions = real.settledVersions(ids);
      interference.afterSettled(versions);
      return versions;
    }

    @Override
    public void close() {
      real.close();
    }
  }

  private ResyncRun run(Interference interference) {
    return run(interference, PATIENCE);
  }

  private ResyncRun run(Interference interference, Duration patience) {
    var configuration = Configuration.from(environment());
    return new ResyncRun(
        new ProductRange(Optional.empty(), Optional.empty(), Optional.of(prefix), List.of()),
        Optional.empty(),
        patience,
        () -> {
          var products = PostgresProducts.open(configuration.database().dataSource("resync-it"));
          products.claim();
          return new ResyncRun.Session(
              new Interfered(products, interference),
              ResyncSink.open(configuration, products.owner(), "it"));
        },
        news::add);
  }

  private record Result(int code, String out, String err) {}

  private static Result resync(String... arguments) {
    return resync(Map.of(), arguments);
  }

  private static Result resync(Map<String, String> settings, String... arguments) {
    var environment = new HashMap<>(environment());
    environment.putAll(settings);
    var out = new StringWriter();
    var err = new StringWriter();
    int code =
        ResyncProgram.commandLine(environment)
            .setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(err, true))
            .execute(arguments);
    return new Result(code, out.toString(), err.toString());
  }

  private String id(int n) {
    return "%s%04d".formatted(prefix, n);
  }

  private void insert(int products) {
    database.useHandle(
        h ->
            h.execute(
                "insert into product (id, name, price, currency) select ? || to_char(n, 'FM0000'),"
                    + " 'Kettle', 20, 'EUR' from generate_series(1, ?) n",
                prefix,
                products));
  }

  private static void update(String id) {
    database.useHandle(h -> update(h, id));
  }

  private static void update(Handle handle, String id) {
    handle.execute("update product set price = price + 1 where id = ?", id);
  }

  private static void synchronousStandby(String name) {
    database.useHandle(
        h -> {
          h.execute("alter system set synchronous_standby_names = '%s'".formatted(name));
          h.createQuery("select pg_reload_conf()").mapTo(Boolean.class).one();
        });
    await()
        .atMost(SOON)
        .until(
            () ->
                database.withHandle(
                    h -> h.createQuery("show synchronous_standby_names").mapTo(String.class).one()),
            name::equals);
  }

  private static void awaitCommitThatWaits() {
    await("a commit to wait for its standby")
        .atMost(SOON)
        .until(
            () ->
                database.withHandle(
                    h ->
                        h.createQuery(
                                "select exists (select from pg_stat_activity where wait_event ="
                                    + " 'SyncRep')")
                            .mapTo(Boolean.class)
                            .one()));
  }

  private List<ConsumerRecord<byte[], byte[]>> ours() {
    return Topic.committed(kafka, TOPIC).stream().filter(r -> key(r).startsWith(prefix)).toList();
  }

  private List<ConsumerRecord<byte[], byte[]>> resynced() {
    return ours().stream()
        .filter(r -> r.headers().lastHeader(EventHeaders.RESYNC) != null)
        .toList();
  }

  private List<ConsumerRecord<byte[], byte[]>> awaitLive(int count) {
    var live = new ArrayList<ConsumerRecord<byte[], byte[]>>();
    await()
        .atMost(SOON)
        .untilAsserted(
            () -> {
              live.clear();
              ours().stream()
                  .filter(r -> r.headers().lastHeader(EventHeaders.RESYNC) == null)
                  .forEach(live::add);
              assertThat(live).hasSize(count);
            });
    return live;
  }

  private Map<String, Long> lastVersions() {
    var last = new HashMap<String, Long>();
    ours().forEach(r -> last.put(key(r), version(r)));
    return last;
  }

  private long lastVersion(String id) {
    return lastVersions().get(id);
  }

  private String told(ConsumerRecord<byte[], byte[]> record) {
    return "%s %d %s".formatted(key(record), version(record), header(record, EventHeaders.TYPE));
  }

  private static List<String> keys(Collection<ConsumerRecord<byte[], byte[]>> records) {
    return records.stream().map(ResyncIT::key).toList();
  }

  private static String key(ConsumerRecord<byte[], byte[]> record) {
    return new String(record.key(), UTF_8);
  }

  private static long version(ConsumerRecord<byte[], byte[]> record) {
    return Long.parseLong(header(record, EventHeaders.AGGREGATE_VERSION));
  }

  private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    return new String(record.headers().lastHeader(name).value(), UTF_8);
  }

  private static String asRelay() {
    return DatabaseUrl.parse(postgres.url())
        .withUser("tidemark_relay", Optional.empty())
        .toString();
  }

  private static Map<String, String> environment() {
    return Map.of(
        "DATABASE_URL", postgres.url(),
        "KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrapServers());
  }
}
