package dev.tidemark.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.embedded.CuttableRoute;
import dev.tidemark.systemtests.OutboxWriter.Shape;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Test of two relays: one active, the other standing by, each a process that its user would start.
///
/// `-Dtake-overs=9` takes so many times over of each kind, for figures.
class TakeOverST {
  private static final Duration SOON = Duration.ofSeconds(60);

  /// Limit of a take-over, which takes 3 s on an idle machine.
  private static final Duration TAKE_OVER_LIMIT = Duration.ofSeconds(10);

  private static final int TAKE_OVERS = Integer.getInteger("take-overs", 1);

  @TempDir static Path folder;
  private static RelayServers servers;
  private static HttpClient http;

  private Contender active;
  private Contender standby;
  private int takeOvers;

  /// A relay with a route of its own to PostgreSQL.
  private record Contender(ServiceProcess relay, CuttableRoute route) implements AutoCloseable {
    boolean isActive() {
      return relay.metric(http, "relay_active").orElse(0) == 1;
    }

    @Override
    public void close() {
      relay.close();
      route.close();
    }
  }

  @BeforeAll
  static void startServers() {
    servers = RelayServers.start(folder);
    http = HttpClient.newHttpClient();
  }

  @AfterAll
  static void stopServers() {
    http.close();
    servers.close();
  }

  @BeforeEach
  void startRelays() {
    active = contender();
    await("the first to be active").atMost(SOON).until(active::isActive);
    standby = standby();
  }

  @AfterEach
  void stopRelays() {
    active.close();
    standby.close();
  }

  /// Fate of the active relay.
  enum Fate {
    KILLED,
    STOPPED,
    CUT_OFF
  }

  @ParameterizedTest
  @EnumSource
  void theOtherPublishesWithinSeconds(Fate fate) {
    var times = new ArrayList<Duration>();
    while (times.size() < TAKE_OVERS) {
      times.add(timeToFirstEventOfTheOther(fate));

      assertThat(standby.isActive()).as("relay_active of the other").isTrue();
      await("relay_active of the first, before it hears anything").until(() -> !active.isActive());
      undo(fate);
      await("relay_active of the first").atMost(SOON).until(() -> !active.isActive());
      active.close();
      active = standby;
      standby = standby();
    }
    servers.assertTopicHoldsTheOutbox(fate.name());
    times.sort(null);
    System.out.printf(
        "take-over from a relay that was %s: %s, median %d ms%n",
        fate, times, times.get(times.size() / 2).toMillis());
    assertThat(times.getLast()).isLessThan(TAKE_OVER_LIMIT);
  }

  /// H29. The batch in progress was not published when the relay was stopped: the open transaction
  /// shows that.
  @Test
  void stoppedInTheMiddleOfABatchItCanNeitherPublishNorConfirmWhenItWakes() {
    long reader = slotReader();
    stopWithABatchInItsHands();
    await("the other to take over").atMost(SOON).until(standby::isActive);
    await("the slot to be read").atMost(SOON).until(() -> slotReader() != 0);
    long successor = slotReader();
    assertThat(successor).isNotEqualTo(reader);

    active.relay().resume();

    await("the woken relay to stand by")
        .atMost(SOON)
        .until(() -> active.relay().logTail().contains("standing by"));
    servers.assertTopicHoldsTheOutbox("backlog");
    assertThat(slotReader()).as("reader of the slot").isEqualTo(successor);
    assertThat(standby.isActive()).as("relay_active of the other").isTrue();
    assertThat(active.isActive()).as("relay_active of the woken relay").isFalse();
  }

  private void stopWithABatchInItsHands() {
    var writer = new OutboxWriter(servers.database(), "backlog", 300);
    try (var admin =
        Admin.create(Map.of("bootstrap.servers", servers.kafka().bootstrapServers()))) {
      await("a stop while a transaction is open")
          .atMost(SOON)
          .pollInterval(Duration.ofMillis(50))
          .until(
              () -> {
                if (openTransactions(admin) == 0) {
                  writer.write(Shape.SIXTY_THOUSAND_ROWS);
                  await("the drain to begin")
                      .atMost(SOON)
                      .pollInterval(Duration.ofMillis(5))
                      .until(() -> openTransactions(admin) > 0);
                }
                active.relay().pause();
                if (openTransactions(admin) > 0) {
                  return true;
                }
                active.relay().resume();
                return false;
              });
    }
  }

  private static int openTransactions(Admin admin) throws Exception {
    var open = new ListTransactionsOptions().filterStates(Set.of(TransactionState.ONGOING));
    return admin.listTransactions(open).all().get().size();
  }

  /// Returns the server's process that reads the slot; 0 when none does.
  private static long slotReader() {
    return servers
        .database()
        .withHandle(
            h ->
                h.createQuery(
                        "select coalesce(active_pid, 0) from pg_replication_slots where slot_name = 'tidemark_relay'")
                    .mapTo(Long.class)
                    .one());
  }

  private Duration timeToFirstEventOfTheOther(Fate fate) {
    try (var tail = tail()) {
      long begin = System.nanoTime();
      befall(fate);
      var writer = new OutboxWriter(servers.database(), fate + "-" + takeOvers++, 1);
      writer.write(Shape.ONE_ROW);
      while (tail.poll(Duration.ofMillis(20)).isEmpty()) {
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(SOON);
      }
      return Duration.ofNanos(System.nanoTime() - begin);
    }
  }

  private void befall(Fate fate) {
    switch (fate) {
      case KILLED -> active.relay().kill();
      case STOPPED -> active.relay().pause();
      case CUT_OFF -> active.route().cut();
    }
  }

  private void undo(Fate fate) {
    switch (fate) {
      case KILLED -> {}
      case STOPPED -> active.relay().resume();
      case CUT_OFF -> active.route().mend();
    }
  }

  /// Returns a reader of committed events at the end of the topic.
  private static KafkaConsumer<String, String> tail() {
    Map<String, Object> settings =
        Map.of(
            "bootstrap.servers",
            servers.kafka().bootstrapServers(),
            "isolation.level",
            "read_committed",
            "fetch.max.wait.ms",
            20);
    var consumer =
        new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer());
    var partitions =
        consumer.partitionsFor(RelayServers.TOPIC).stream()
            .map(p -> new TopicPartition(p.topic(), p.partition()))
            .toList();
    consumer.assign(partitions);
    consumer.seekToEnd(partitions);
    partitions.forEach(consumer::position);
    return consumer;
  }

  private static Contender contender() {
    var route = CuttableRoute.to(servers.postgres().port());
    return new Contender(servers.launchRelay(route.through(servers.postgres().url())), route);
  }

  private static Contender standby() {
    var contender = contender();
    await("the other to stand by")
        .atMost(SOON)
        .until(() -> contender.relay().logTail().contains("ready to take over"));
    return contender;
  }
}
