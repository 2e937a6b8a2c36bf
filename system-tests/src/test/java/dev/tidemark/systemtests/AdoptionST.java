package dev.tidemark.systemtests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.tidemark.cache.Read;
import dev.tidemark.cache.Read.Served;
import dev.tidemark.cache.ReadOption;
import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.cache.redis.RedisSettings;
import dev.tidemark.cache.store.CacheKey;
import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.db.Migration;
import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.embedded.Ports;
import dev.tidemark.embedded.PostgresServer;
import dev.tidemark.embedded.RedisServer;
import dev.tidemark.service.settings.DatabaseUrl;
import io.opentelemetry.api.OpenTelemetry;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.SqlLogger;
import org.jdbi.v3.core.statement.StatementContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// An aggregate of another service, beside the products: its table and its role are its own, it
/// reads through the library, and the relay and the invalidator know it only by configuration.
class AdoptionST {
  private static final Logger log = LoggerFactory.getLogger(AdoptionST.class);
  private static final Duration SECONDS = Duration.ofSeconds(30);

  @TempDir static Path folder;
  private static final Deque<AutoCloseable> running = new ArrayDeque<>();
  private static PostgresServer postgres;
  private static KafkaServer kafka;
  private static RedisConnection redis;
  private static Jdbi superuser;
  private static Jdbi database;
  private static Customers customers;
  private static Shop shop;

  @BeforeAll
  static void up() throws Exception {
    postgres = running(PostgresServer.startWithoutFsync(folder.resolve("postgres"), 0));
    kafka = running(KafkaServer.start(folder.resolve("kafka"), 0));
    var redisServer = running(RedisServer.start(folder.resolve("redis"), 0));
    new Migration(DatabaseUrl.parse(postgres.url()), line -> {}).run();
    superuser = Jdbi.create(postgres.jdbcUrl());
    superuser.useHandle(handle -> handle.createScript(CustomerSql.TABLE).execute());

    int apiPort = Ports.free();
    var settings = new HashMap<>(settings());
    settings.put("DATABASE_URL", postgres.url());
    settings.put("KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrapServers());
    settings.put("REDIS_URL", redisServer.url());
    settings.put("TIDEMARK_API_PORT", Integer.toString(apiPort));
    service("outbox-relay", "TIDEMARK_RELAY_ADMIN_PORT", settings);
    service("invalidator", "TIDEMARK_INVALIDATOR_ADMIN_PORT", settings);
    service("product-api", "TIDEMARK_API_ADMIN_PORT", settings);
    shop = new Shop(path -> URI.create("http://127.0.0.1:" + apiPort + path));

    var pool = running(new HikariDataSource());
    pool.setJdbcUrl(customerServiceUrl());
    database = Jdbi.create(pool);
    var redisUrl = redisServer.url();
    var openTelemetry = OpenTelemetry.noop();
    // region wiring
    redis = RedisConnection.open(redisUrl, RedisSettings.defaults());
    customers = new Customers(database, redis.entries(), openTelemetry.getMeter("customers"));
    // endregion
    running(redis);
  }

  @AfterAll
  static void down() throws Exception {
    while (!running.isEmpty()) {
      running.pop().close();
    }
  }

  @Test
  void changedCustomerIsReadFreshWithinSeconds() {
    write("grace", "grace@old.example");
    awaitCached("grace", 1);

    write("grace", "grace@new.example");

    assertThat(json(awaitCached("grace", 2))).contains("grace@new.example");
  }

  @Test
  void changeByPlainSqlEvictsTheEntry() {
    write("ada", "ada@old.example");
    awaitCached("ada", 1);

    superuser.useHandle(handle -> handle.execute(CustomerSql.PLAIN_UPDATE));

    assertThat(json(awaitCached("ada", 2))).contains("ada@new.example");
  }

  @Test
  void deletedCustomerIsAbsentAndComesBackWithTheNextVersion() {
    assertThat(eventual("mary").value()).isEqualTo(new CachedValue.Absent(0));
    write("mary", "mary@one.example");
    awaitCached("mary", 1);

    delete("mary");
    assertThat(awaitCached("mary", 2).value()).isEqualTo(new CachedValue.Absent(2));

    write("mary", "mary@two.example");
    assertThat(json(awaitCached("mary", 3))).contains("mary@two.example");
  }

  @Test
  void writerReadsWhatItWrote() {
    write("joan", "joan@old.example");
    awaitCached("joan", 1);

    long version = write("joan", "joan@new.example");
    var read = customers.read("joan", ReadOption.atLeast(version));

    assertThat(json(read)).contains("joan@new.example");
  }

  @Test
  void rolledBackChangeLeavesNoEvent() {
    database.useHandle(
        handle -> {
          handle.begin();
          handle
              .createQuery(CustomerSql.WRITE)
              .bind("id", "ruth")
              .bind("name", "Ruth")
              .bind("email", "ruth@never.example")
              .mapTo(Long.class)
              .one();
          handle.rollback();
        });
    write("ruth", "ruth@real.example");
    awaitCached("ruth", 1);

    assertThat(records("customer.events"))
        .filteredOn(event -> event.key().equals("ruth"))
        .singleElement()
        .satisfies(event -> assertThat(event.value()).contains("ruth@real.example"));
  }

  @Test
  void productAndCustomerOfOneIdDoNotTouchEachOther() throws Exception {
    write("kettle", "kettle@old.example");
    awaitCached("kettle", 1);
    shop.put("kettle", Shop.json("Kettle", "20"));
    shop.get("kettle");
    shop.put("kettle", Shop.json("Kettle", "21"));
    shop.put("kettle", Shop.json("Kettle", "22"));

    superuser.useHandle(
        handle -> handle.execute("update product set price = 23 where id = 'kettle'"));

    await()
        .atMost(SECONDS)
        .untilAsserted(
            () -> {
              var read = shop.get("kettle");
              assertThat(read.body()).contains("23.00");
              assertThat(read.headers().firstValue("Cache-Status")).contains("tidemark; hit");
            });
    assertThat(eventual("kettle").served()).isEqualTo(Served.HIT);
    assertThat(eventual("kettle").value().version()).isEqualTo(1);
  }

  @Test
  void rowThatBreaksTheContractIsADeadLetterOfItsOwnTopic() {
    database.useHandle(
        handle ->
            handle.execute(
                "insert into outbox (aggregatetype, aggregateid, version, type, payload) values"
                    + " ('customer', 'nobody', 0, 'customer.created', '{}')"));
    write("after-nobody", "a@b.example");
    awaitCached("after-nobody", 1);

    await()
        .atMost(SECONDS)
        .untilAsserted(
            () ->
                assertThat(records("customer.events.dlt"))
                    .anyMatch(letter -> "nobody".equals(letter.key())));
  }

  /// H1: the change and its eviction come after the reader has read, and before it fills.
  @Test
  void slowReaderDoesNotBringBackWhatTheInvalidatorEvicted() {
    write("alan", "alan@old.example");
    var key = CacheKey.of("customer", "alan");
    var interrupted = Jdbi.create(customerServiceUrl());
    var done = new AtomicBoolean();
    interrupted.setSqlLogger(
        new SqlLogger() {
          @Override
          public void logAfterExecution(StatementContext context) {
            if (!done.getAndSet(true)) {
              write("alan", "alan@new.example");
              await("version 2 to be evicted under the lease, or the lease to be over")
                  .atMost(SECONDS)
                  .until(() -> redis.client().get(key), e -> e == null || e.startsWith("L2:"));
            }
          }
        });
    var reader =
        new Customers(interrupted, redis.entries(), OpenTelemetry.noop().getMeter("reader"));

    var read = reader.read("alan", ReadOption.eventual());

    assertThat(read.served()).isEqualTo(Served.NOT_STORED);
    assertThat(json(eventual("alan"))).contains("alan@new.example");
  }

  /// Some writers evict at once, like a fast lane, and so know a version that no read may fall
  /// below; the others leave it to the relay and the invalidator.
  @Test
  void cacheNeverServesLessThanWasEvictedAndIsFreshAtRest() throws Exception {
    long seed = new Random().nextLong();
    log.info("random work with seed {}", seed);
    int ids = 12;
    var evicted = new AtomicLongArray(ids);
    try (var workers = Executors.newVirtualThreadPerTaskExecutor()) {
      var work = new ArrayList<Future<?>>();
      for (int worker = 0; worker < 8; worker++) {
        var random = new Random(seed + worker);
        work.add(workers.submit(() -> IntStream.range(0, 250).forEach(n -> step(random, evicted))));
      }
      for (var each : work) {
        each.get();
      }
    }

    var versions = versions();
    for (int n = 0; n < ids; n++) {
      awaitCached("random-" + n, versions.getOrDefault("random-" + n, 0L));
    }
  }

  private static void step(Random random, AtomicLongArray evicted) {
    int n = random.nextInt(evicted.length());
    var id = "random-" + n;
    switch (random.nextInt(10)) {
      case 0 -> write(id, "r@%d.example".formatted(random.nextInt()));
      case 1 -> delete(id);
      case 2 -> {
        long version = write(id, "r@%d.example".formatted(random.nextInt()));
        redis.entries().evict(CacheKey.of("customer", id), version);
        evicted.accumulateAndGet(n, version, Math::max);
      }
      default -> {
        long floor = evicted.get(n);
        assertThat(eventual(id).value().version())
            .as("version of %s after the eviction of %d", id, floor)
            .isGreaterThanOrEqualTo(floor);
      }
    }
  }

  /// Waits for the version in the cache. Meanwhile no read may go back.
  private static Read awaitCached(String id, long version) {
    var seen = new long[] {0};
    return await("version %d of %s in the cache".formatted(version, id))
        .atMost(SECONDS)
        .until(
            () -> {
              var read = eventual(id);
              assertThat(read.value().version()).isGreaterThanOrEqualTo(seen[0]);
              seen[0] = read.value().version();
              return read;
            },
            read -> read.value().version() == version && read.served() == Served.HIT);
  }

  private static Read eventual(String id) {
    return customers.read(id, ReadOption.eventual());
  }

  private static long write(String id, String email) {
    return database.withHandle(
        handle ->
            handle
                .createQuery(CustomerSql.WRITE)
                .bind("id", id)
                .bind("name", "Name of " + id)
                .bind("email", email)
                .mapTo(Long.class)
                .one());
  }

  private static void delete(String id) {
    var _ =
        database.withHandle(
            handle ->
                handle.createQuery(CustomerSql.DELETE).bind("id", id).mapTo(Long.class).findOne());
  }

  private static Map<String, Long> versions() {
    return database.withHandle(
        handle ->
            handle
                .createQuery("select id, version from customer")
                .map((row, context) -> Map.entry(row.getString("id"), row.getLong("version")))
                .stream()
                .collect(toMap(Map.Entry::getKey, Map.Entry::getValue)));
  }

  private static String json(Read read) {
    return read.value() instanceof CachedValue.Present present
        ? new String(present.payload(), UTF_8)
        : "";
  }

  private static List<ConsumerRecord<String, String>> records(String topic) {
    return Topic.committed(kafka.bootstrapServers(), topic);
  }

  private static String customerServiceUrl() {
    return postgres.jdbcUrl().replace("user=postgres", "user=customer_service");
  }

  private static Map<String, String> settings() {
    return CustomerSql.SETTINGS
        .lines()
        .map(line -> line.split("=", 2))
        .collect(toMap(line -> line[0], line -> line[1]));
  }

  private static void service(String module, String adminPort, Map<String, String> settings) {
    running(ServiceProcess.start(module, adminPort, settings, folder.resolve(module + ".log")));
  }

  private static <T extends AutoCloseable> T running(T part) {
    running.push(part);
    return part;
  }
}
