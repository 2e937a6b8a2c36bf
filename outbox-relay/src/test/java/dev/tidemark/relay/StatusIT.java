package dev.tidemark.relay;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tidemark.relay.Finding.Server;
import dev.tidemark.relay.Finding.Severity;
import io.helidon.webserver.WebServer;
import io.opentelemetry.exporter.prometheus.PrometheusMetricReader;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.replication.LogSequenceNumber;

/// The command `status` against the admin port of a relay that says what the test tells it.
class StatusIT {
  private static final Instant NOW = Instant.parse("2026-03-10T12:00:00Z");

  private final RelayStatus status = new RelayStatus(Clock.fixed(NOW, ZoneOffset.UTC));
  private WebServer admin;

  @BeforeEach
  void startAdminPort() {
    var report = new StatusReport("tidemark_relay", Optional.of(Duration.ofDays(7)), status);
    admin = AdminServer.create("127.0.0.1", 0, report, PrometheusMetricReader.create()).start();
  }

  @AfterEach
  void stopAdminPort() {
    admin.stop();
  }

  @Test
  void allThatIsKnownIsSaidToAHuman() {
    tellAll();

    var run = run(relayUrl());

    assertThat(run.out())
        .isEqualToNormalizingNewlines(
            """
            relay      well, streaming
            slot       tidemark_relay: wal_status reserved, 1200 bytes behind (0.0 s), 16.8 MB of log kept for it
            outbox     22 daily partitions, 2026-03-03 to 2026-03-24 (14 days ahead), 3 rows in the default partition
            retention  7 days; last: partition outbox_20260302 dropped at 2026-03-10T12:00:00Z
            WARNING    wal_level is odd: set it
            """);
    assertThat(run.code()).isZero();
  }

  @Test
  void jsonHasTheSameForPrograms() throws JsonProcessingException {
    tellAll();

    var run = run(relayUrl(), "--json");

    assertThat(new ObjectMapper().readTree(run.out()))
        .isEqualTo(
            new ObjectMapper()
                .readTree(
                    """
                    {"relay": {
                      "phase": "streaming", "ready": true, "reason": "streaming", "lagSeconds": 0.0,
                      "slot": {"name": "tidemark_relay", "walStatus": "reserved", "lagBytes": 1200, "retainedBytes": 16800000},
                      "outbox": {"partitions": 22, "oldestDay": "2026-03-03", "newestDay": "2026-03-24", "daysAhead": 14,
                        "defaultRows": 3, "retentionDays": 7,
                        "lastRemoval": {"what": "partition outbox_20260302 dropped", "at": "2026-03-10T12:00:00Z"}},
                      "findings": [{"server": "POSTGRESQL", "severity": "WARNING", "what": "wal_level is odd", "remedy": "set it"}]
                    }}
                    """));
    assertThat(run.out()).hasLineCount(1);
    assertThat(run.code()).isZero();
  }

  @Test
  void relayThatFailsIsRedWithItsReason() {
    status.phase(new RelayStatus.Failed("Kafka is away"));

    var run = run(relayUrl());

    assertThat(run.out()).startsWith("relay      RED, Kafka is away");
    assertThat(run.code()).isEqualTo(1);
  }

  @Test
  void standbyIsWell() {
    status.phase(new RelayStatus.StandingBy());

    assertThat(run(relayUrl()).code()).isZero();
  }

  @Test
  void nobodyThereIsRedAndSaidInWords() {
    admin.stop();

    var run = run("http://127.0.0.1:1");

    assertThat(run.err())
        .contains("no relay answers at http://127.0.0.1:1/status")
        .contains("OUTBOX_RELAY_ADMIN_URL")
        .contains("--data DIR");
    assertThat(run.code()).isEqualTo(1);
  }

  @Test
  void anotherProgramAtTheAddressIsSaidInWords() {
    var other =
        WebServer.builder()
            .host("127.0.0.1")
            .port(0)
            .routing(routing -> routing.get("/status", (request, answer) -> answer.send("hello")))
            .build()
            .start();
    try {
      var run = run("http://127.0.0.1:" + other.port());
      assertThat(run.err()).contains("does not answer with JSON");
      assertThat(run.code()).isEqualTo(1);
    } finally {
      other.stop();
    }
  }

  @Test
  void addressThatIsNoneIsWrongUsage() {
    var run = run("127.0.0.1:8082");

    assertThat(run.err()).contains("OUTBOX_RELAY_ADMIN_URL is '127.0.0.1:8082'");
    assertThat(run.code()).isEqualTo(2);
  }

  private void tellAll() {
    status.phase(new RelayStatus.Streaming());
    var lsn = LogSequenceNumber.valueOf(1);
    status.slot(
        new SlotState(
            "tidemark_relay",
            "1",
            1,
            SlotState.Status.RESERVED,
            false,
            lsn,
            lsn,
            16_800_000,
            1_200));
    status.outbox(
        new OutboxState(
            NOW,
            22,
            Optional.of(Instant.parse("2026-03-03T00:00:00Z")),
            Optional.of(Instant.parse("2026-03-25T00:00:00Z")),
            3));
    status.removedFromOutbox("partition outbox_20260302 dropped");
    status
        .findings()
        .found(
            Server.POSTGRESQL,
            List.of(
                new Finding(Server.POSTGRESQL, Severity.WARNING, "wal_level is odd", "set it")));
  }

  private String relayUrl() {
    return "http://127.0.0.1:%d/".formatted(admin.port());
  }

  private record Run(int code, String out, String err) {}

  private static Run run(String url, String... options) {
    var out = new StringWriter();
    var err = new StringWriter();
    var command = Main.commandLine(Map.of("OUTBOX_RELAY_ADMIN_URL", url));
    var arguments = new String[options.length + 1];
    arguments[0] = "status";
    System.arraycopy(options, 0, arguments, 1, options.length);
    int code =
        command
            .setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(err, true))
            .execute(arguments);
    return new Run(code, out.toString(), err.toString());
  }
}
