package dev.tidemark.api.feed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.api.RunningService;
import dev.tidemark.api.RunningService.Answer;
import dev.tidemark.embedded.KafkaServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// Test of the service with its near cache on, beside a topic that the test fills, and without an
/// invalidator.
final class NearCacheFeedIT {

  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String NEAR = "tidemark; hit; detail=near";
  private static final String HIT = "tidemark; hit";
  private static final String CHAIR = "{'name':'Chair','price':12.5,'currency':'EUR'}";
  private static final String STOOL = "{'name':'Stool','price':7,'currency':'EUR'}";

  @RegisterExtension private static final RunningService servers = new RunningService();

  @TempDir private static Path folder;
  private static KafkaServer kafka;

  private final String id = "p-" + UUID.randomUUID();
  private final String path = "/products/" + id;
  private final List<RunningService> started = new ArrayList<>();
  private EventTopic topic;
  private RunningService api;

  @BeforeAll
  static void startKafka() {
    kafka = KafkaServer.start(folder.resolve("kafka"), 0);
  }

  @AfterAll
  static void stopKafka() {
    kafka.close();
  }

  @BeforeEach
  void startService() {
    topic = new EventTopic(kafka.bootstrapServers()).create(1);
    api = service();
  }

  @AfterEach
  void stopServices() {
    started.forEach(service -> service.service().close());
    topic.close();
  }

  private RunningService service() {
    RunningService service =
        servers.beside(
            "TIDEMARK_API_NEAR_CACHE_ENTRIES", "100",
            "KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrapServers(),
            "KAFKA_PRODUCT_TOPIC", topic.name());
    started.add(service);
    return service;
  }

  private static String served(Answer answer) {
    return answer.header("Cache-Status");
  }

  private static Answer awaitNear(RunningService service, String path) {
    return await("a near hit")
        .atMost(PATIENCE)
        .until(() -> service.get(path), answer -> served(answer).equals(NEAR));
  }

  /// Changes a product like a user of psql, so that the service does not know.
  private void changeBehindTheService() {
    servers
        .sql()
        .useHandle(
            handle ->
                handle
                    .createUpdate("update product set name = 'Changed' where id = :id")
                    .bind("id", id)
                    .execute());
  }

  /// @param tell publishes the event: again and again, for the feed may just be connecting anew
  private void awaitVersion(RunningService service, long version, Runnable tell) {
    await("version " + version)
        .atMost(PATIENCE)
        .until(
            () -> {
              tell.run();
              return service.get(path).header("ETag").equals("\"" + version + "\"");
            });
  }

  private double metric(String name, String label) {
    return api.admin("/metrics")
        .text()
        .lines()
        .filter(line -> line.startsWith(name + "{") && line.contains(label))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
        .sum();
  }

  @Test
  void repeatedReadsAreServedFromTheProcess() {
    String product = api.put(path, CHAIR).text();
    Answer near = awaitNear(api, path);
    assertThat(near.text()).isEqualTo(product);
    assertThat(near.header("ETag")).isEqualTo("\"1\"");
    assertThat(metric("cache_requests_total", "near_hit")).isPositive();
    assertThat(api.admin("/health/ready").text()).contains("near-cache", "fed");
  }

  @Test
  void anEventOutdatesTheValueInTheProcessAndTheOneInRedis_H18() {
    api.put(path, CHAIR);
    awaitNear(api, path);
    changeBehindTheService();
    assertThat(api.get(path).header("ETag")).as("nobody has told").isEqualTo("\"1\"");
    // In Redis version 1 would live for minutes, so only the event can have outdated it.
    awaitVersion(api, 2, () -> topic.publish(id, 2));
    assertThat(servers.get(path).header("ETag")).as("read by others").isEqualTo("\"2\"");
  }

  @Test
  void aWriteThroughOneServiceIsSeenByItselfAtOnceAndByTheOtherWithItsEvent_H13() {
    RunningService other = service();
    api.put(path, CHAIR);
    awaitNear(api, path);
    awaitNear(other, path);
    String written = api.put(path, STOOL).text();
    assertThat(api.get(path).text()).isEqualTo(written);
    awaitVersion(other, 2, () -> topic.publish(id, 2));
    assertThat(awaitNear(other, path).text()).isEqualTo(written);
  }

  @Test
  void withADemandedVersionAnOlderNearValueIsNotServed_H13() {
    api.put(path, CHAIR);
    awaitNear(api, path);
    changeBehindTheService();
    assertThat(api.get(path, "Min-Version", "2").header("ETag")).isEqualTo("\"2\"");
  }

  @Test
  void aMissingEventEmptiesItAndIsCounted_H18() {
    String otherPath = path + "-other";
    api.put(path, CHAIR);
    api.put(otherPath, CHAIR);
    awaitNear(api, path);
    awaitNear(api, otherPath);
    await("the gap is counted")
        .atMost(PATIENCE)
        .until(
            () -> {
              topic.publish(id, 3);
              return metric("cache_near_gaps_total", "") == 1;
            });
    assertThat(served(api.get(otherPath))).isEqualTo(HIT);
    assertThat(served(awaitNear(api, otherPath))).isEqualTo(NEAR);
  }

  @Test
  void anAddedPartitionIsFollowedToo_H39() {
    api.put(path, CHAIR);
    awaitNear(api, path);
    changeBehindTheService();
    topic.grow(2);
    awaitVersion(api, 2, () -> topic.publish(1, id, 2));
  }

  @Test
  void withoutKafkaItIsOffWithinSecondsAndOnAgainByItself_H18() {
    api.put(path, CHAIR);
    awaitNear(api, path);
    kafka.kill();
    try {
      // One read of Redis may be the end of the value's own time in the process, but two are not.
      await("no near hits")
          .atMost(Duration.ofSeconds(3))
          .until(
              () -> Stream.of(path, path).map(api::get).map(NearCacheFeedIT::served).toList(),
              List.of(HIT, HIT)::equals);
      assertThat(api.admin("/health/ready").status()).isEqualTo(200);
      assertThat(api.put(path, STOOL).status()).isEqualTo(200);
      assertThat(api.get(path).header("ETag")).isEqualTo("\"2\"");
      assertThat(served(api.get(path))).isEqualTo(HIT);
    } finally {
      kafka.restart();
    }
    awaitNear(api, path);
  }

  @Test
  void aServiceStartsAndStopsWithoutKafka() {
    kafka.kill();
    try {
      RunningService alone = service();
      assertThat(alone.admin("/health/ready").status()).isEqualTo(200);
      alone.put(path, CHAIR);
      assertThat(served(alone.get(path))).isEqualTo("tidemark; fwd=miss; stored");
      assertThat(served(alone.get(path))).isEqualTo(HIT);
      assertThat(served(alone.get(path))).isEqualTo(HIT);
      alone.service().close();
    } finally {
      kafka.restart();
    }
  }

  @Test
  void byDefaultThereIsNone() {
    servers.put(path, CHAIR);
    servers.get(path);
    assertThat(served(servers.get(path))).isEqualTo(HIT);
    assertThat(served(servers.get(path))).isEqualTo(HIT);
    assertThat(servers.admin("/health/ready").text()).doesNotContain("near-cache");
  }
}
