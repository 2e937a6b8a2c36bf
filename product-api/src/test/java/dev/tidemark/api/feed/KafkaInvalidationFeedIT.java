package dev.tidemark.api.feed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.cache.InvalidationListener;
import dev.tidemark.embedded.KafkaServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Calls of the feed to its listener, and their order.
final class KafkaInvalidationFeedIT {

  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String ALIVE = "alive";
  private static final String LOST = "lost";

  @TempDir private static Path folder;
  private static KafkaServer kafka;

  private EventTopic topic;
  private final List<String> told = new CopyOnWriteArrayList<>();

  @BeforeAll
  static void startKafka() {
    kafka = KafkaServer.start(folder.resolve("kafka"), 0);
  }

  @AfterAll
  static void stopKafka() {
    kafka.close();
  }

  @BeforeEach
  void openTopic() {
    topic = new EventTopic(kafka.bootstrapServers());
  }

  @AfterEach
  void closeTopic() {
    topic.close();
  }

  private class Told implements InvalidationListener {
    @Override
    public void changed(String key, long version) {
      told.add(key + " " + version);
    }

    @Override
    public void alive() {
      told.add(ALIVE);
    }

    @Override
    public void lost() {
      told.add(LOST);
    }
  }

  private KafkaInvalidationFeed feed(InvalidationListener listener, String... settings) {
    Map<String, String> client = new HashMap<>();
    client.put("bootstrap.servers", kafka.bootstrapServers());
    for (int i = 0; i < settings.length; i += 2) {
      client.put(settings[i], settings[i + 1]);
    }
    KafkaInvalidationFeed feed = new KafkaInvalidationFeed(client, topic.name(), listener);
    feed.start();
    return feed;
  }

  private void awaitTold(String what) {
    await(what + " in " + told).atMost(PATIENCE).until(() -> told.contains(what));
  }

  /// Waits until a whole round that began after this call is reported.
  private void awaitAlive() {
    long before = count(ALIVE);
    await("two more rounds").atMost(PATIENCE).until(() -> count(ALIVE) >= before + 2);
  }

  private long count(String what) {
    return told.stream().filter(what::equals).count();
  }

  @Test
  void tellsEveryEventFromNowOn() {
    topic.create(2).publish("before", 1);
    try (KafkaInvalidationFeed feed = feed(new Told())) {
      awaitTold(ALIVE);
      topic.publish(0, "a", 7);
      topic.publish(1, "b", 8);
      awaitTold("product:a 7");
      awaitTold("product:b 8");
      assertThat(told).doesNotContain("product:before 1");
      assertThat(feed.state()).isEqualTo("fed");
    }
    assertThat(told).endsWith(LOST);
  }

  @Test
  void aTransactionsMarkerAtTheEndDoesNotKeepItFromBeingAlive() {
    topic.create(1);
    try (KafkaInvalidationFeed _ = feed(new Told())) {
      awaitTold(ALIVE);
      topic.publishInTransaction("a", 1);
      awaitTold("product:a 1");
      awaitAlive();
    }
  }

  @Test
  void itIsAliveOnlyWhenAllThatWasThereIsTold_H18() throws Exception {
    topic.create(1);
    CountDownLatch published = new CountDownLatch(1);
    InvalidationListener slow =
        new Told() {
          @Override
          public void changed(String key, long version) {
            super.changed(key, version);
            try {
              published.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          }
        };
    try (KafkaInvalidationFeed _ = feed(slow, "max.poll.records", "1")) {
      awaitTold(ALIVE);
      for (int version = 1; version <= 300; version++) {
        topic.publish("a", version);
      }
      published.countDown();
      awaitTold("product:a 300");
      List<String> all = List.copyOf(told);
      List<String> meanwhile =
          all.subList(all.indexOf("product:a 1"), all.indexOf("product:a 300"));
      assertThat(meanwhile.stream().filter(ALIVE::equals).count())
          .as("once for the round that began before the first event: %s", meanwhile)
          .isLessThanOrEqualTo(1);
    }
  }

  @Test
  void anEventOfWhichTheVersionIsNotKnownMayBeAnything_H34() {
    topic.create(1);
    try (KafkaInvalidationFeed _ = feed(new Told())) {
      awaitTold(ALIVE);
      long before = count(LOST);
      topic.publishPoison("a");
      await("lost").atMost(PATIENCE).until(() -> count(LOST) > before);
      topic.publish("b", 2);
      awaitTold("product:b 2");
      awaitAlive();
    }
  }

  @Test
  void anEventThatContradictsItselfIsNotBelieved() {
    topic.create(1);
    try (KafkaInvalidationFeed _ = feed(new Told())) {
      awaitTold(ALIVE);
      long before = count(LOST);
      topic.publishContradiction("a", 99_999);
      await("lost").atMost(PATIENCE).until(() -> count(LOST) > before);
      assertThat(count("product:a 99999")).isZero();
      awaitAlive();
    }
  }

  @Test
  void anAddedPartitionIsNoticedAndFollowed_H39() {
    topic.create(1);
    try (KafkaInvalidationFeed _ = feed(new Told())) {
      awaitTold(ALIVE);
      topic.grow(2);
      awaitTold(LOST);
      awaitAlive();
      topic.publish(1, "a", 2);
      awaitTold("product:a 2");
    }
  }

  @Test
  void aTopicThatIsNotThereYetIsWaitedFor() {
    try (KafkaInvalidationFeed feed = feed(new Told())) {
      await("a reason").atMost(PATIENCE).until(() -> feed.state().contains("there is no topic"));
      topic.create(1);
      awaitTold(ALIVE);
    }
  }

  @Test
  void aTopicThatWasMadeAnewIsFollowedFromItsEnd() {
    topic.create(1);
    for (int version = 1; version <= 10; version++) {
      topic.publish("a", version);
    }
    try (KafkaInvalidationFeed _ = feed(new Told())) {
      awaitTold(ALIVE);
      topic.delete();
      topic.create(1);
      awaitTold(LOST);
      awaitAlive();
      topic.publish("b", 2);
      awaitTold("product:b 2");
    }
  }

  @Test
  void aKafkaThatWasAwayIsFollowedAgain() {
    topic.create(1);
    try (KafkaInvalidationFeed feed = feed(new Told())) {
      awaitTold(ALIVE);
      kafka.kill();
      try {
        awaitTold(LOST);
        await("a reason").atMost(PATIENCE).until(() -> feed.state().startsWith("off: "));
      } finally {
        kafka.restart();
      }
      await("fed").atMost(PATIENCE).until(() -> feed.state().equals("fed"));
      topic.publish("b", 2);
      awaitTold("product:b 2");
    }
  }

  @Test
  void itStopsWhileKafkaIsAway() {
    topic.create(1);
    KafkaInvalidationFeed feed = feed(new Told());
    awaitTold(ALIVE);
    kafka.kill();
    try {
      awaitTold(LOST);
      feed.close();
      assertThat(Thread.getAllStackTraces().keySet())
          .extracting(Thread::getName)
          .doesNotContain("near-cache-feed");
    } finally {
      kafka.restart();
    }
  }
}
