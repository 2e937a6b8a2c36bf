package dev.tidemark.devstack.stack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.embedded.ChildProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Test of `up` as a process of its own, with real servers and stand-ins for the services.
class StackIT {
  private static final Duration PATIENCE = UpRuns.PATIENCE;
  private static final List<String> PARTS =
      List.of("POSTGRES", "KAFKA", "REDIS", "PRODUCT_API", "OUTBOX_RELAY", "INVALIDATOR");

  @TempDir Path dir;
  private UpRuns runs;
  private Path data;
  private Path home;

  @BeforeEach
  void build() throws IOException {
    runs = UpRuns.in(dir);
    data = runs.data();
    home = runs.home();
  }

  @AfterEach
  void stopAll() {
    runs.close();
  }

  @Test
  void whateverDiesComesBackAndTheEndLeavesNothing() throws IOException {
    ChildProcess up = up();
    StackEnv first = runs.awaitUp(up);
    assertThat(first.variables())
        .containsKeys("API_URL", "DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS", "REDIS_URL")
        .containsKeys("PRODUCT_API_ADMIN_URL", "OUTBOX_RELAY_ADMIN_URL", "INVALIDATOR_ADMIN_URL");
    assertThat(first.require("DATABASE_URL")).startsWith("postgresql://postgres@127.0.0.1:");

    for (String part : PARTS) {
      UpRuns.process(first, part).destroyForcibly();
    }
    Awaitility.await("every part has a new process")
        .atMost(PATIENCE)
        .until(() -> PARTS.stream().allMatch(part -> runs.hasNewProcess(first, part)));
    Awaitility.await("every part was told to be back")
        .atMost(PATIENCE)
        .until(
            () ->
                runs.text(up).lines().filter(line -> line.contains(" is back after ")).count()
                    == 6);

    List<ProcessHandle> last =
        PARTS.stream().map(part -> UpRuns.process(runs.env(), part)).toList();
    up.stop(PATIENCE);

    assertThat(up.exit().join()).isZero();
    assertThat(last).noneMatch(ProcessHandle::isAlive);
    assertThat(data.resolve(StackEnv.FILE_NAME)).doesNotExist();
    assertThat(runs.text(up)).endsWith("stopped\n");
  }

  @Test
  void theNextRunStopsWhatAKilledOneLeft() {
    ChildProcess killed = up();
    StackEnv left = runs.awaitUp(killed);
    ProcessHandle.of(killed.pid()).orElseThrow().destroyForcibly();
    killed.exit().join();
    assertThat(PARTS).allMatch(part -> UpRuns.process(left, part).isAlive());

    ChildProcess next = up();
    runs.awaitUp(next);

    assertThat(runs.text(next)).contains("stopped 6 processes that an earlier run had left");
    assertThat(PARTS).allMatch(part -> runs.hasNewProcess(left, part));
  }

  @Test
  void aFolderInUseIsRefusedWithThePidThatHasIt() {
    try (DataFolder held = DataFolder.open(data)) {
      assertThat(held.path()).isEqualTo(data);
      ChildProcess second = up();
      assertThat(second.exit().join()).isEqualTo(1);
      assertThat(runs.text(second))
          .contains("is in use by another", "pid " + ProcessHandle.current().pid());
    }
  }

  @Test
  void aPortInUseIsNamedBeforeAnythingStarts() throws IOException {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      ChildProcess up = up("--kafka-port", Integer.toString(other.getLocalPort()));
      assertThat(up.exit().join()).isEqualTo(1);
      assertThat(runs.text(up))
          .contains(
              "port %d is already in use by another program; Kafka needs it: choose another with --kafka-port"
                  .formatted(other.getLocalPort()));
      assertThat(data.resolve("postgresql")).doesNotExist();
    }
  }

  @Test
  void settingsAreCheckedBeforeAnythingStarts() {
    ChildProcess up = runs.up(Map.of("CACHE_TTL_SECONDS", "soon"));
    assertThat(up.exit().join()).isEqualTo(1);
    assertThat(runs.text(up))
        .contains("product-api: CACHE_TTL_SECONDS is 'soon', not a number")
        .contains("invalidator: CACHE_TTL_SECONDS");
    assertThat(data.resolve("postgresql")).doesNotExist();
  }

  @Test
  void aServiceThatCannotStartIsToldWithTheEndOfItsLogAndEverythingStops() throws IOException {
    Files.writeString(home.resolve("outbox-relay/target/app/outbox-relay.jar"), "no jar");
    ChildProcess up = up();
    assertThat(up.exit().join()).isEqualTo(1);
    assertThat(runs.text(up))
        .contains("outbox-relay ended with exit code 1", "corrupt jarfile", "(3 of 3)");
    assertThat(data.resolve(StackEnv.FILE_NAME)).doesNotExist();
  }

  @Test
  void aStopDuringTheStartLeavesNothing() {
    ChildProcess up = up();
    Awaitility.await("the first server")
        .atMost(PATIENCE)
        .until(() -> Files.exists(data.resolve(StackEnv.FILE_NAME)));
    up.stop(PATIENCE);
    assertThat(up.exit().join()).isZero();
    assertThat(data.resolve(StackEnv.FILE_NAME)).doesNotExist();
  }

  @Test
  void aSecondSignalKillsWhatDoesNotStop() throws Exception {
    ChildProcess up = up();
    String relay = runs.awaitUp(up).require("OUTBOX_RELAY_PID");
    new ProcessBuilder("kill", "-STOP", relay).start().waitFor();
    ProcessHandle supervisor = ProcessHandle.of(up.pid()).orElseThrow();

    long begin = System.nanoTime();
    supervisor.destroy();
    Awaitility.await("the first signal")
        .atMost(PATIENCE)
        .until(() -> runs.text(up).contains("stopping"));
    assertThat(up.isAlive()).isTrue();
    supervisor.destroy();

    assertThat(up.exit().get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isZero();
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Stack.STOP_GRACE);
    assertThat(ProcessHandle.of(Long.parseLong(relay))).isNotPresent();
  }

  @Test
  void aMissingProgramIsNamed() throws IOException {
    Path jar = home.resolve("invalidator/target/app/invalidator.jar");
    Files.delete(jar);
    assertThatThrownBy(() -> new Programs(home).command("invalidator", List.of()))
        .isInstanceOf(StackException.class)
        .hasMessageContaining(jar + " is not built");
  }

  /// Tests of one run, whose relay dies once while it starts.
  @Nested
  class OfOneRun {
    private static UpRuns runs;
    private static ChildProcess up;

    @BeforeAll
    static void start(@TempDir Path dir) throws IOException {
      runs = UpRuns.in(dir);
      up =
          runs.up(
              Map.of(
                  "KAFKA_PRODUCT_TOPIC",
                  "product.events,order.events",
                  "REDIS_URL",
                  "redis://x",
                  "STAND_IN_TIDEMARK_RELAY_ADMIN_PORT",
                  dir.resolve("died").toString()),
              "--aggregate",
              "customer");
      runs.awaitUp(up);
    }

    @AfterAll
    static void stop() {
      runs.close();
    }

    @Test
    void furtherAggregatesReachRelayAndInvalidator() throws Exception {
      StackEnv env = runs.env();
      String topics = "product.events,order.events,customer.events";
      assertThat(env.require("KAFKA_PRODUCT_TOPIC")).isEqualTo(topics);
      for (String service : List.of("OUTBOX_RELAY", "INVALIDATOR")) {
        assertThat(get(env.require(service + "_ADMIN_URL") + "/topics")).isEqualTo(topics);
      }
      assertThat(runs.text(up))
          .contains("not used, since this stack has servers of its own: REDIS_URL\n");
    }

    @Test
    void partThatDiesWhileItStartsIsStartedAgain() {
      assertThat(runs.text(up))
          .contains(
              "outbox-relay ended with exit code 1 while it started: ERROR it dies this once.",
              "it is started again (2 of 3)");
    }

    @Test
    void partThatRunsOutOfMemoryIsStartedAgain() {
      StackEnv first = runs.env();
      List<String> services = List.of("PRODUCT_API", "OUTBOX_RELAY", "INVALIDATOR");
      for (String part : services) {
        assertThatThrownBy(() -> get(first.require(part + "_ADMIN_URL") + "/exhaust-memory"))
            .isInstanceOf(IOException.class);
        Awaitility.await(part + " has a new process")
            .atMost(PATIENCE)
            .until(() -> runs.hasNewProcess(first, part));
      }
      Awaitility.await("each is told to be back")
          .atMost(PATIENCE)
          .until(
              () ->
                  runs.text(up).lines().filter(line -> line.contains(" is back after ")).count()
                      == services.size());
    }
  }

  private static String get(String url) throws IOException, InterruptedException {
    try (HttpClient http = HttpClient.newHttpClient()) {
      return http.send(
              HttpRequest.newBuilder(URI.create(url)).timeout(PATIENCE).build(),
              HttpResponse.BodyHandlers.ofString())
          .body();
    }
  }

  private ChildProcess up(String... options) {
    return runs.up(Map.of(), options);
  }
}
