package dev.tidemark.systemtests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jdbi.v3.core.Jdbi;
import redis.clients.jedis.RedisClient;

/// Reads PostgreSQL, Kafka and Redis themselves and compares their contents.
final class Truth {
  private static final Duration SETTLED_WITHIN = Duration.ofSeconds(60);
  private static final String TOPIC = "product.events";

  private final Map<String, String> env;
  private final Jdbi database;

  Truth(Map<String, String> env) {
    this.env = env;
    this.database =
        Jdbi.create("jdbc:" + env.get("DATABASE_URL").replace("postgres@", "") + "?user=postgres");
  }

  private record Product(String id, long version) {}

  /// Waits until the relay and the invalidator have no work left, and then checks that nothing is
  /// lost, repeated, out of order or stale.
  void assertSettledAndTrue() {
    assertTopicHoldsTheOutbox();
    awaitInvalidatorAtTheEnd();
    assertNoEntryIsOlderThanItsProduct();
  }

  /// Checks that every outbox row is in the topic exactly once for a `read_committed` reader, and
  /// that per product the versions are 1, 2, 3, ….
  void assertTopicHoldsTheOutbox() {
    var rows =
        database.withHandle(
            h -> h.createQuery("select id::text from outbox").mapTo(String.class).list());
    await()
        .atMost(SETTLED_WITHIN)
        .untilAsserted(() -> assertThat(events()).hasSizeGreaterThanOrEqualTo(rows.size()));
    var events = events();
    assertThat(events.stream().map(e -> header(e, "ce_id")))
        .as("ids of the events")
        .containsExactlyInAnyOrderElementsOf(rows);
    var last = new HashMap<String, Long>();
    for (var event : events) {
      long version = Long.parseLong(header(event, "ce_aggregateversion"));
      assertThat(version)
          .as("version of %s after %s", event.key(), last.get(event.key()))
          .isEqualTo(last.getOrDefault(event.key(), 0L) + 1);
      last.put(event.key(), version);
    }
    assertThat(last).as("newest version of each product").isEqualTo(versions());
  }

  /// Checks that no value in Redis is below the database's version, or above it.
  void assertNoEntryIsOlderThanItsProduct() {
    var versions = versions();
    var wrong = new ArrayList<String>();
    try (var redis = RedisClient.create(env.get("REDIS_URL"))) {
      for (var entry : entries(redis, versions.keySet()).entrySet()) {
        var header = entry.getValue().substring(0, entry.getValue().indexOf('\n'));
        boolean isValue = header.startsWith("V") || header.startsWith("D");
        long want = versions.getOrDefault(entry.getKey(), 0L);
        if (isValue && Long.parseLong(header.substring(1)) != want) {
          wrong.add("%s is %s, the database has %d".formatted(entry.getKey(), header, want));
        }
      }
    }
    assertThat(wrong).as("entries that differ from the database").isEmpty();
  }

  /// Checks that no acknowledged write is missing in the database.
  void assertHoldsWhatWasAcknowledged(Shop shop) {
    var versions = versions();
    shop.acknowledged()
        .forEach(
            (id, version) ->
                assertThat(versions.getOrDefault(id, 0L))
                    .as("version of %s in the database", id)
                    .isGreaterThanOrEqualTo(version));
  }

  /// Changes rows behind the API.
  void sql(String statement) {
    database.useHandle(h -> h.execute(statement));
  }

  /// Makes commits wait for a standby of this name from now on; for none, when it is empty.
  void synchronousStandby(String name) {
    database.useHandle(
        h -> {
          h.execute("alter system set synchronous_standby_names = '%s'".formatted(name));
          h.execute("select pg_reload_conf()");
        });
    await("the server to know its synchronous standby")
        .atMost(SETTLED_WITHIN)
        .until(() -> ids("show synchronous_standby_names").equals(List.of(name)));
  }

  /// Returns when a commit is in the log and waits for a standby, so that readers do not see it.
  void awaitCommitThatWaits() {
    await("a commit to wait for its standby")
        .atMost(SETTLED_WITHIN)
        .until(
            () ->
                !ids("select pid::text from pg_stat_activity where wait_event = 'SyncRep'")
                    .isEmpty());
  }

  List<String> ids(String query) {
    return database.withHandle(h -> h.createQuery(query).mapTo(String.class).list());
  }

  int outboxCount() {
    return database.withHandle(
        h -> h.createQuery("select count(*) from outbox").mapTo(Integer.class).one());
  }

  private Map<String, String> entries(RedisClient redis, Set<String> ids) {
    var entries = new HashMap<String, String>();
    for (var id : new HashSet<>(ids)) {
      var entry = redis.get("product:" + id);
      if (entry != null) {
        entries.put(id, entry);
      }
    }
    return entries;
  }

  private Map<String, Long> versions() {
    var versions = new HashMap<String, Long>();
    database.useHandle(
        h ->
            h.createQuery("select id, version from product")
                .map((row, context) -> new Product(row.getString("id"), row.getLong("version")))
                .forEach(p -> versions.put(p.id(), p.version())));
    return versions;
  }

  private void awaitInvalidatorAtTheEnd() {
    await()
        .atMost(SETTLED_WITHIN)
        .untilAsserted(
            () -> {
              try (var consumer = consumer("tidemark-invalidator")) {
                var partitions = partitions(consumer);
                var committed = consumer.committed(Set.copyOf(partitions));
                var ends = consumer.endOffsets(partitions);
                var events = events();
                ends.forEach(
                    (partition, end) ->
                        assertThat(
                                committed.get(partition) == null
                                    ? 0
                                    : committed.get(partition).offset())
                            .as("committed offset of %s", partition)
                            .isGreaterThanOrEqualTo(lastRecordEnd(events, partition, end)));
              }
            });
  }

  /// Returns the offset behind the last event: the end of a partition may lie behind markers of
  /// transactions, which nobody reads.
  private static long lastRecordEnd(
      List<ConsumerRecord<String, String>> events, TopicPartition partition, long end) {
    return events.stream()
        .filter(e -> e.partition() == partition.partition())
        .mapToLong(e -> e.offset() + 1)
        .filter(offset -> offset <= end)
        .max()
        .orElse(0);
  }

  private List<ConsumerRecord<String, String>> events() {
    return Topic.committed(env.get("KAFKA_BOOTSTRAP_SERVERS"), TOPIC);
  }

  private static List<TopicPartition> partitions(KafkaConsumer<?, ?> consumer) {
    return consumer.partitionsFor(TOPIC).stream()
        .map(p -> new TopicPartition(TOPIC, p.partition()))
        .toList();
  }

  private KafkaConsumer<String, String> consumer(String group) {
    Map<String, Object> settings =
        Map.of(
            "bootstrap.servers",
            env.get("KAFKA_BOOTSTRAP_SERVERS"),
            "group.id",
            group,
            "enable.auto.commit",
            false,
            "isolation.level",
            "read_committed",
            "fetch.max.wait.ms",
            20);
    return new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer());
  }

  private static String header(ConsumerRecord<?, ?> event, String name) {
    return new String(event.headers().lastHeader(name).value(), UTF_8);
  }
}
