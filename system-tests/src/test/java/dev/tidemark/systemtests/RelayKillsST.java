package dev.tidemark.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.embedded.EmbeddedServer;
import dev.tidemark.systemtests.OutboxWriter.Shape;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// SIGKILL at random times, while rows of all shapes are written: afterwards every row is in the
/// topic exactly once, each aggregate's versions in order and without gaps (H27, H27c, H30).
///
/// Settings: `-Dkills.seed=7` repeats a run's random choices, `-Dkills=100` sets how many kills of
/// the relay there are for each shape.
class RelayKillsST {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final long SEED = Long.getLong("kills.seed", System.nanoTime());
  private static final int KILLS = Integer.getInteger("kills", 13);
  private static final int SERVER_KILLS = 3;

  /// Number of kills of which one happens during the start of the relay, the others during its
  /// work.
  private static final int WHILE_STARTING = 4;

  private static final Duration STARTING = Duration.ofMillis(1_500);
  private static final Duration WORKING = Duration.ofMillis(500);

  @TempDir static Path folder;
  private static RelayServers servers;
  private static HttpClient http;
  private static String aotCache;

  private final Random random = new Random(SEED);

  @BeforeAll
  static void startServers() {
    http = HttpClient.newHttpClient();
    System.out.println("repeat with -Dkills.seed=" + SEED);
    servers = RelayServers.start(folder);
    aotCache = folder.resolve("relay.aot").toString();
    // The starts are most of the time of this test, and this halves them.
    var training = servers.launchRelay(servers.postgres().url(), "-XX:AOTCacheOutput=" + aotCache);
    new OutboxWriter(servers.database(), "training", 1).write(Shape.ONE_ROW);
    awaitFirstEvents(training);
    training.stop();
  }

  @AfterAll
  static void stopServers() {
    http.close();
    servers.close();
  }

  @ParameterizedTest
  @EnumSource
  void killedRelayLosesAndRepeatsNothing(Shape shape) {
    var aggregates = "relay-" + shape;
    try (var writers = OutboxWriters.start(servers.database(), aggregates, shape)) {
      for (int kill = 0; kill < KILLS; kill++) {
        try (var relay = launchRelay()) {
          boolean whileStarting = random.nextInt(WHILE_STARTING) == 0;
          if (!whileStarting) {
            awaitFirstEvents(relay);
          }
          assertThat(relay.endsWithin(anyTimeUpTo(whileStarting ? STARTING : WORKING)))
              .as("the relay ends before it is killed")
              .isFalse();
          relay.kill();
        }
      }
      assertThat(writers.failures()).isZero();
    }
    try (var _ = launchRelay()) {
      servers.assertTopicHoldsTheOutbox(aggregates);
    }
  }

  @Test
  void killedPostgresLosesAndRepeatsNothing() {
    killServer(servers.postgres());
  }

  @Test
  void killedKafkaLosesAndRepeatsNothing() {
    killServer(servers.kafka());
  }

  private void killServer(EmbeddedServer server) {
    try (var relay = launchRelay()) {
      try (var writers = OutboxWriters.start(servers.database(), server.name(), Shape.values())) {
        for (int kill = 0; kill < SERVER_KILLS; kill++) {
          await("the relay to be active")
              .atMost(SOON)
              .until(() -> relay.metric(http, "relay_active").orElse(0) == 1);
          assertThat(relay.endsWithin(anyTimeUpTo(WORKING))).as("the relay dies, too").isFalse();
          server.kill();
          server.restart();
        }
        await("a write after the last kill").atMost(SOON).until(writers::haveWrittenSinceFailure);
      }
      servers.assertTopicHoldsTheOutbox(server.name());
    }
  }

  private static ServiceProcess launchRelay() {
    return servers.launchRelay(servers.postgres().url(), "-XX:AOTCache=" + aotCache);
  }

  private static void awaitFirstEvents(ServiceProcess relay) {
    await("the relay to publish")
        .atMost(SOON)
        .pollInterval(Duration.ofMillis(10))
        .until(() -> relay.metric(http, "relay_events_total").orElse(0) > 0);
  }

  private Duration anyTimeUpTo(Duration longest) {
    return Duration.ofMillis(random.nextLong(longest.toMillis()));
  }
}
