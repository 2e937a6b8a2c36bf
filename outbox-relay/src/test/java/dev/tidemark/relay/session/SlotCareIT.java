package dev.tidemark.relay.session;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.db.Migration;
import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.embedded.PostgresServer;
import dev.tidemark.relay.Main;
import dev.tidemark.relay.SharedServers;
import dev.tidemark.relay.status.RelayAdmin;
import dev.tidemark.relay.status.RelayMetrics;
import dev.tidemark.relay.status.RelayStatus;
import dev.tidemark.relay.status.RelayStatus.Failed;
import dev.tidemark.relay.status.RelayStatus.Streaming;
import dev.tidemark.relay.status.StatusReport;
import dev.tidemark.service.settings.DatabaseUrl;
import io.helidon.webserver.WebServer;
import io.opentelemetry.exporter.prometheus.PrometheusMetricReader;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import picocli.CommandLine;

/// Test of the relay in its own role, on servers that differ from its needs, seen from its admin
/// port.
@ExtendWith(SharedServers.class)
class SlotCareIT {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final long MEGABYTE = 1 << 20;

  private static PostgresServer postgres;
  private static KafkaServer kafka;
  private static Jdbi database;

  private final HttpClient http = HttpClient.newHttpClient();

  @BeforeAll
  static void prepare(PostgresServer server, KafkaServer broker) throws SQLException {
    postgres = server;
    kafka = broker;
    new Migration(DatabaseUrl.parse(postgres.url()), line -> {}).run();
    database = Jdbi.create(postgres.jdbcUrl());
  }

  @Test
  void busyDatabaseBesideAQuietOutboxDoesNotMakeTheSlotHoldLog_H32() {
    execute("create database busy");
    var busy = Jdbi.create(postgres.jdbcUrl().replace("/tidemark", "/busy"));
    busy.useHandle(h -> h.execute("create table t (x text)"));
    try (var relay = RunningRelay.startWithoutHousekeeping(environment())) {
      awaitStreaming(relay);
      for (int i = 0; i < 5; i++) {
        write10MegabytesOfLog(busy);
      }
      assertThat(retainedBytes()).as("without heartbeats").isGreaterThan(45 * MEGABYTE);
    }
    try (var relay = RunningRelay.start(environment())) {
      awaitStreaming(relay);
      for (int i = 0; i < 5; i++) {
        write10MegabytesOfLog(busy);
      }
      await()
          .atMost(SOON)
          .untilAsserted(
              () -> {
                // The slot may advance only to such a record, which a server writes every 15 s.
                execute("select pg_log_standby_snapshot()");
                assertThat(retainedBytes()).as("with heartbeats").isLessThan(MEGABYTE);
              });
    }
  }

  @Test
  void relayWaitsForARepairedPublicationAndStreamsByItself() throws Exception {
    // Only the check would notice this: the stream would run, empty.
    execute("alter publication tidemark_outbox set (publish = 'update')");
    try (var relay = RunningRelay.start(environment());
        var admin = admin(relay.status(), PrometheusMetricReader.create())) {
      await().atMost(SOON).until(() -> relay.status().phase() instanceof Failed);
      awaitReadiness(admin, 503, "does not publish inserts: alter publication");

      execute("alter publication tidemark_outbox set (publish = 'insert')");

      awaitReadiness(admin, 200, "streaming");
      awaitEvent(write());
    }
  }

  @Test
  void publicationThatLosesTheOutboxWhileStreamingTurnsReadinessRed() throws Exception {
    try (var relay = RunningRelay.start(environment());
        var admin = admin(relay.status(), PrometheusMetricReader.create())) {
      awaitReadiness(admin, 200, "streaming");
      assertThat(overHttp10(admin, "/health/ready")).startsWith("HTTP/1.1 200 ");
      execute("alter publication tidemark_outbox set table product");
      awaitReadiness(admin, 503, "does not contain the table outbox");
      execute("alter publication tidemark_outbox set table outbox");
      awaitReadiness(admin, 200, "streaming");
    }
  }

  @Test
  void publishedUpdatesAndDeletesArePassedOver() {
    execute("alter publication tidemark_outbox set (publish = 'insert, update, delete')");
    try (var relay = RunningRelay.start(environment())) {
      awaitStreaming(relay);
      var first = write();
      execute("update outbox set version = 2 where aggregateid = '%s'".formatted(first));
      execute("delete from outbox where aggregateid = '%s'".formatted(first));

      awaitEvent(write());

      assertThat(events(first)).isEqualTo(1);
    } finally {
      execute("alter publication tidemark_outbox set (publish = 'insert')");
    }
  }

  @Test
  void relayThatMayNotReadTheOutboxStreamsAllTheSame() {
    execute("revoke select on outbox from tidemark_relay");
    try (var relay = RunningRelay.start(environment())) {
      awaitStreaming(relay);
      awaitEvent(write());
    } finally {
      execute("grant select on outbox to tidemark_relay");
    }
  }

  @Test
  void kafkaThatStandsStillTurnsReadinessRedUntilItGoesOn() throws Exception {
    try (var relay = RunningRelay.start(environment());
        var admin = admin(relay.status(), PrometheusMetricReader.create())) {
      awaitReadiness(admin, 200, "streaming");
      signal("STOP", kafka.pid());
      try {
        awaitReadiness(
            admin, 503, "Kafka does not answer at " + kafka.bootstrapServers() + ": see that it");
      } finally {
        signal("CONT", kafka.pid());
      }
      awaitReadiness(admin, 200, "streaming");
      awaitEvent(write());
    }
  }

  @Test
  void metricsSayWhatPostgresSays() throws Exception {
    // The slot does not move without a relay, but Housekeeping still measures it.
    var status = new RelayStatus(Clock.systemUTC());
    var metrics = PrometheusMetricReader.create();
    try (var meters = SdkMeterProvider.builder().registerMetricReader(metrics).build();
        var housekeeping =
            new Housekeeping(database, "tidemark_relay", Optional.empty(), List.of(), status);
        var admin = admin(status, metrics)) {
      var _ = new RelayMetrics(meters.get("it"), status);
      housekeeping.start();
      execute("select pg_logical_emit_message(false, 'filler', repeat('x', 1000000))");
      await()
          .atMost(SOON)
          .untilAsserted(
              () -> {
                var text = get(admin, "/metrics").body();
                assertThat(value(text, "relay_slot_retained_bytes")).isEqualTo(retainedBytes());
                assertThat(value(text, "relay_lag_bytes"))
                    .isEqualTo(bytesSince("confirmed_flush_lsn"))
                    .isGreaterThan(1_000_000);
              });
      await().atMost(SOON).until(() -> status.outbox().isPresent());
      assertThat(get(admin, "/metrics").body())
          .containsPattern("relay_outbox_partitions(\\{.*})? 1[56]")
          .containsPattern("relay_outbox_ahead_days(\\{.*})? 1[34]")
          .containsPattern("relay_outbox_oldest_seconds(\\{.*})? [1-9]")
          .containsPattern("relay_outbox_default_rows(\\{.*})? \\d")
          .containsPattern("relay_slot_wal_status\\{.*wal_status=\"reserved\"} 1")
          .containsPattern("relay_slot_wal_status\\{.*wal_status=\"extended\"} 0")
          .containsPattern("relay_slot_wal_status\\{.*wal_status=\"lost\"} 0")
          .containsPattern("relay_active(\\{.*})? 0")
          .containsPattern("relay_lag_seconds(\\{.*})? 0");
    }
  }

  @Test
  void activeRelaySaysSo() throws Exception {
    var metrics = PrometheusMetricReader.create();
    try (var meters = SdkMeterProvider.builder().registerMetricReader(metrics).build();
        var relay = RunningRelay.start(environment());
        var admin = admin(relay.status(), metrics)) {
      var _ = new RelayMetrics(meters.get("it"), relay.status());
      awaitStreaming(relay);
      assertThat(get(admin, "/metrics").body()).containsPattern("relay_active(\\{.*})? 1");
    }
  }

  @Test
  void checkCommandPrintsFindingsAndFailsOnErrorsOnly() {
    execute("alter role tidemark_relay noreplication");
    try {
      var failed = new StringWriter();
      assertThat(check(failed)).isEqualTo(1);
      assertThat(failed.toString())
          .contains("ERROR role tidemark_relay may not replicate: alter role");
    } finally {
      execute("alter role tidemark_relay replication");
    }
    execute("revoke select on outbox from tidemark_relay");
    try {
      var passed = new StringWriter();
      assertThat(check(passed)).isEqualTo(0);
      assertThat(passed.toString()).contains("WARNING role tidemark_relay may not read");
    } finally {
      execute("grant select on outbox to tidemark_relay");
    }
  }

  private static int check(StringWriter out) {
    return new CommandLine(new Main(environment())).setOut(new PrintWriter(out)).execute("--check");
  }

  private static Admin admin(RelayStatus status, PrometheusMetricReader metrics) {
    var report = new StatusReport("tidemark_relay", Optional.of(Duration.ofDays(7)), status);
    return new Admin(RelayAdmin.create("127.0.0.1", 0, report, metrics).start());
  }

  private record Admin(WebServer server) implements AutoCloseable {
    @Override
    public void close() {
      server.stop();
    }
  }

  private void awaitReadiness(Admin admin, int code, String reason) {
    await()
        .atMost(SOON)
        .untilAsserted(
            () -> {
              var answer = get(admin, "/health/ready");
              assertThat(answer.body()).contains(reason);
              assertThat(answer.statusCode()).isEqualTo(code);
            });
  }

  /// Sends a request like that of a load balancer.
  private static String overHttp10(Admin admin, String path) throws IOException {
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), admin.server().port())) {
      socket.setSoTimeout(60_000);
      socket.getOutputStream().write("GET %s HTTP/1.0\r\n\r\n".formatted(path).getBytes(US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), US_ASCII);
    }
  }

  private HttpResponse<String> get(Admin admin, String path)
      throws IOException, InterruptedException {
    var uri = URI.create("http://127.0.0.1:%d%s".formatted(admin.server().port(), path));
    return http.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
  }

  private static long value(String metrics, String name) {
    return metrics
        .lines()
        .filter(line -> line.startsWith(name + "{") || line.startsWith(name + " "))
        .map(line -> (long) Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no metric " + name + " in\n" + metrics));
  }

  private static void awaitStreaming(RunningRelay relay) {
    await().atMost(SOON).until(() -> relay.status().phase() instanceof Streaming);
  }

  private static void awaitEvent(String aggregate) {
    await().atMost(SOON).untilAsserted(() -> assertThat(events(aggregate)).isEqualTo(1));
  }

  private static long events(String aggregate) {
    return Topic.committed(kafka, "product.events").stream()
        .filter(event -> new String(event.key(), UTF_8).equals(aggregate))
        .count();
  }

  /// Writes an event, and returns the id of the aggregate.
  private static String write() {
    var aggregate = "a-" + UUID.randomUUID();
    database.useHandle(
        h ->
            h.execute(
                "insert into outbox (aggregatetype, aggregateid, version, type, payload) values"
                    + " ('product', ?, 1, 'product.created', '{}')",
                aggregate));
    return aggregate;
  }

  private static void write10MegabytesOfLog(Jdbi busy) {
    busy.useHandle(
        h -> {
          h.execute("insert into t select repeat('x', 1000) from generate_series(1, 10000)");
          h.execute("select pg_log_standby_snapshot()");
        });
  }

  private static long retainedBytes() {
    return bytesSince("restart_lsn");
  }

  private static long bytesSince(String position) {
    return database.withHandle(
        h ->
            h.createQuery(
                    "select pg_wal_lsn_diff(pg_current_wal_lsn(), %s) from pg_replication_slots where slot_name = 'tidemark_relay'"
                        .formatted(position))
                .mapTo(Long.class)
                .one());
  }

  private static void execute(String statement) {
    database.useHandle(h -> h.execute(statement));
  }

  private static void signal(String name, long pid) throws IOException, InterruptedException {
    assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(pid)).start().waitFor())
        .isZero();
  }

  private static Map<String, String> environment() {
    return Map.of(
        "DATABASE_URL",
        postgres.url(),
        "DATABASE_USER",
        "tidemark_relay",
        "KAFKA_BOOTSTRAP_SERVERS",
        kafka.bootstrapServers());
  }
}
