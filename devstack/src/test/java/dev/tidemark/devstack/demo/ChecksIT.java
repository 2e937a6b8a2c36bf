package dev.tidemark.devstack.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.embedded.PostgresServer;
import dev.tidemark.embedded.RedisServer;
import dev.tidemark.event.EventHeaders;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.RedisClient;

/// Faults that the checks at the end of a demo must find, each made on purpose.
class ChecksIT {
  private static final Duration SHORT_PATIENCE = Duration.ofMillis(300);
  private static final String TOPIC = "product.events";
  private static final TopicPartition PARTITION = new TopicPartition(TOPIC, 0);

  /// Part of the schema that the checks use.
  private static final String SCHEMA =
      """
      create table product (id text primary key, version bigint, deleted_at timestamptz);
      create function product_json(p product) returns json language sql
        return json_build_object('id', p.id, 'version', p.version);
      create table outbox (id uuid, aggregatetype text, aggregateid text, version bigint);
      """;

  private static PostgresServer postgres;
  private static KafkaServer kafka;
  private static RedisServer redisServer;
  private static Jdbi database;
  private static RedisClient redis;
  private static Admin admin;
  private static KafkaProducer<String, String> producer;

  @BeforeAll
  static void startServers(@TempDir Path dir) throws Exception {
    postgres = PostgresServer.start(dir.resolve("postgresql"), 0);
    kafka = KafkaServer.start(dir.resolve("kafka"), 0);
    redisServer = RedisServer.start(dir.resolve("redis"), 0);
    database = Jdbi.create(postgres.jdbcUrl());
    database.useHandle(handle -> handle.createScript(SCHEMA).execute());
    redis = RedisClient.create(redisServer.url());
    admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()));
    producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", kafka.bootstrapServers()),
            new StringSerializer(),
            new StringSerializer());
    KafkaServer.createTopic(admin, new NewTopic(TOPIC, Optional.of(1), Optional.empty()));
  }

  @AfterAll
  static void stopServers() {
    producer.close();
    admin.close();
    redis.close();
    redisServer.close();
    kafka.close();
    postgres.close();
  }

  @BeforeEach
  void empty() throws Exception {
    redis.flushAll();
    database.useHandle(handle -> handle.execute("truncate product, outbox"));
    long end = lastOffset() + 1;
    admin.deleteRecords(Map.of(PARTITION, RecordsToDelete.beforeOffset(end))).all().get();
  }

  @Test
  void entriesThatSayWhatTheDatabaseSaysAreFresh() {
    product("cup", 3, false);
    product("gone", 2, true);
    product("cold", 1, false);
    product("filling", 5, false);
    redis.set("product:cup", "V3\n" + json("cup"));
    redis.set("product:gone", "D2\n");
    redis.set("product:filling", "L4:token\n");

    CacheCheck.Result result = CacheCheck.run(database, redis);

    assertThat(result).isEqualTo(new CacheCheck.Result(4, 2, 2, 0, List.of(), 0));
    assertThat(result.isGood()).isTrue();
  }

  @Test
  void anEntryOfAnotherVersionIsStale() {
    product("cup", 3, false);
    redis.set("product:cup", "V2\n" + json("cup"));
    assertThat(CacheCheck.run(database, redis).examples())
        .containsExactly("cup: version 2 in the cache, 3 in the database");
  }

  @Test
  void anEntryWithOtherContentAtTheSameVersionIsStale() {
    product("cup", 3, false);
    redis.set("product:cup", "V3\n{}");
    assertThat(CacheCheck.run(database, redis).isGood()).isFalse();
  }

  @Test
  void aDeletedProductThatTheCacheStillHasIsStale() {
    product("cup", 3, true);
    redis.set("product:cup", "V3\n{}");
    assertThat(CacheCheck.run(database, redis).isGood()).isFalse();
  }

  @Test
  void anOlderOrDeletedProductInTheNaiveCacheIsCountedThereOnly() {
    product("cup", 3, false);
    product("gone", 2, true);
    redis.set("naive:cup", "{\"version\":2}");
    redis.set("naive:gone", "{\"version\":1}");
    CacheCheck.Result result = CacheCheck.run(database, redis);
    assertThat(result.naiveStale()).isEqualTo(2);
    assertThat(result.isGood()).isTrue();
  }

  @Test
  void anOutboxThatIsWhollyInTheTopicAndAppliedIsGood() throws Exception {
    product("cup", 2, false);
    // The oldest rows of this one have left the outbox.
    product("jug", 7, true);
    send("cup", 1, outbox("cup", 1));
    send("cup", 2, outbox("cup", 2));
    send("jug", 7, outbox("jug", 7));
    commitGroup(lastOffset() + 1);

    TopicCheck.Result result = check();

    assertThat(result.isGood()).isTrue();
    assertThat(result.outboxRows()).isEqualTo(3);
  }

  @Test
  void anOutboxRowThatNeverReachedTheTopicIsMissing() throws Exception {
    send("cup", 1, outbox("cup", 1));
    outbox("cup", 2);
    commitGroup(lastOffset() + 1);
    assertThat(check().missing()).isEqualTo(1);
  }

  @Test
  void anEventThatIsTwiceInTheTopicIsFound() throws Exception {
    UUID id = outbox("cup", 1);
    send("cup", 1, id);
    send("cup", 1, id);
    commitGroup(lastOffset() + 1);
    TopicCheck.Result result = check();
    assertThat(result.repeated()).isEqualTo(1);
    assertThat(result.outOfOrder()).isZero();
  }

  @Test
  void versionsThatChangePlacesAreFound() throws Exception {
    send("cup", 2, outbox("cup", 2));
    send("cup", 1, outbox("cup", 1));
    commitGroup(lastOffset() + 1);
    assertThat(check().outOfOrder()).isEqualTo(1);
  }

  @Test
  void aVersionWithoutAnOutboxRowIsFound() throws Exception {
    product("gap", 3, false);
    product("late", 2, false);
    product("twice", 1, false);
    for (UUID id : List.of(outbox("gap", 1), outbox("gap", 3), outbox("late", 1))) {
      send("any", lastOffset() + 2, id);
    }
    send("any", lastOffset() + 2, outbox("twice", 1));
    send("any", lastOffset() + 2, outbox("twice", 1));
    commitGroup(lastOffset() + 1);
    assertThat(check().broken()).isEqualTo(3);
  }

  @Test
  void anEventThatTheInvalidatorHasNotReachedIsNotApplied() throws Exception {
    send("cup", 1, outbox("cup", 1));
    commitGroup(lastOffset());
    assertThat(check().applied()).isFalse();
  }

  private static TopicCheck.Result check() throws InterruptedException {
    return TopicCheck.run(database, kafka.bootstrapServers(), TOPIC, SHORT_PATIENCE);
  }

  private static void product(String id, long version, boolean deleted) {
    database.useHandle(
        handle ->
            handle.execute(
                "insert into product values (?, ?, case when ? then now() end)",
                id,
                version,
                deleted));
  }

  private static String json(String id) {
    return database.withHandle(
        handle ->
            handle
                .createQuery("select product_json(p)::text from product p where id = :id")
                .bind("id", id)
                .mapTo(String.class)
                .one());
  }

  private static UUID outbox(String product, long version) {
    UUID id = UUID.randomUUID();
    database.useHandle(
        handle ->
            handle.execute("insert into outbox values (?, 'product', ?, ?)", id, product, version));
    return id;
  }

  private static void send(String product, long version, UUID id) throws Exception {
    ProducerRecord<String, String> record = new ProducerRecord<>(TOPIC, 0, product, "{}");
    record.headers().add(EventHeaders.ID, bytes(id.toString()));
    record.headers().add(EventHeaders.AGGREGATE_VERSION, bytes(Long.toString(version)));
    producer.send(record).get();
  }

  private static void commitGroup(long offset) throws Exception {
    admin
        .alterConsumerGroupOffsets(
            TopicCheck.GROUP, Map.of(PARTITION, new OffsetAndMetadata(offset)))
        .all()
        .get();
  }

  private static long lastOffset() throws Exception {
    return admin
            .listOffsets(Map.of(PARTITION, OffsetSpec.latest()))
            .partitionResult(PARTITION)
            .get()
            .offset()
        - 1;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
