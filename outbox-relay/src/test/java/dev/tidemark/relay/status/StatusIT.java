package dev.tidemark.relay.status;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tidemark.relay.status.Finding.Server;
import dev.tidemark.relay.status.Finding.Severity;
import io.helidon.webserver.WebServer;
import io.opentelemetry.exporter.prometheus.PrometheusMetricReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.replication.LogSequenceNumber;

/// Test of `/status` on the admin port of a relay whose state the test sets.
class StatusIT {
  private static final Instant NOW = Instant.parse("2026-03-10T12:00:00Z");

  private final AtomicReference<Instant> now = new AtomicReference<>(NOW);
  private final RelayStatus status = new RelayStatus(movableClock());
  private WebServer admin;

  @BeforeEach
  void startAdminPort() {
    var report = new StatusReport("tidemark_relay", Optional.of(Duration.ofDays(7)), status);
    admin = RelayAdmin.create("127.0.0.1", 0, report, PrometheusMetricReader.create()).start();
  }

  @AfterEach
  void stopAdminPort() {
    admin.stop();
  }

  @Test
  void allThatIsKnownIsServedAsJson() throws Exception {
    tellAll();

    assertThat(served())
        .isEqualTo(
            new ObjectMapper()
                .readTree(
                    """
                    {
                      "phase": "streaming", "ready": true, "reason": "streaming", "lagSeconds": 0.0,
                      "lastRepair": {"reason": "the slot is lost", "events": 2, "at": "2026-03-10T12:00:00Z"},
                      "slot": {"name": "tidemark_relay", "walStatus": "reserved", "lagBytes": 1200, "retainedBytes": 16800000},
                      "outbox": {"partitions": 22, "oldestDay": "2026-03-03", "newestDay": "2026-03-24", "daysAhead": 14,
                        "defaultRows": 3, "retentionDays": 7,
                        "lastRemoval": {"what": "partition outbox_20260302 dropped", "at": "2026-03-10T12:00:00Z"}},
                      "topics": [{"topic": "order.events", "followed": "no"}, {"topic": "product.events", "followed": "yes"}],
                      "findings": [{"server": "POSTGRESQL", "severity": "WARNING", "what": "wal_level is odd", "remedy": "set it"}]
                    }
                    """));
  }

  @Test
  void relayThatFailsIsNotReadyAndSaysWhy() throws Exception {
    status.phase(new RelayStatus.Failed("Kafka is away"));

    assertThat(served().path("ready").asBoolean(true)).isFalse();
    assertThat(served().path("reason").asText()).isEqualTo("Kafka is away");
  }

  @Test
  void transactionThatIsWaitedForIsToldAndAfterHalfAMinuteTheRelayIsNotReady_H44()
      throws Exception {
    status.phase(new RelayStatus.Streaming());
    status.waitsFor(4_294_967_300L);

    assertThat(served().path("waitingFor").path("transaction").asLong()).isEqualTo(4_294_967_300L);
    assertThat(served().path("waitingFor").path("since").asText()).isEqualTo(NOW.toString());
    assertThat(served().path("ready").asBoolean()).isTrue();
    now.set(NOW.plusSeconds(31));
    status.waitsFor(4_294_967_300L);

    assertThat(served().path("ready").asBoolean(true)).isFalse();
    assertThat(served().path("reason").asText())
        .startsWith("waiting since %s for transaction 4294967300: ".formatted(NOW))
        .contains("synchronous_standby_names");
    status.waitsForNothing();

    assertThat(served().path("ready").asBoolean()).isTrue();
    assertThat(served().has("waitingFor")).isFalse();
  }

  @Test
  void standbyIsReady() throws Exception {
    status.phase(new RelayStatus.StandingBy());

    assertThat(served().path("ready").asBoolean()).isTrue();
  }

  private Clock movableClock() {
    return new Clock() {
      @Override
      public Instant instant() {
        return now.get();
      }

      @Override
      public ZoneId getZone() {
        return ZoneOffset.UTC;
      }

      @Override
      public Clock withZone(ZoneId zone) {
        return this;
      }
    };
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
    status.followers(
        List.of(
            new TopicFollower("order.events", TopicFollower.Followed.NO),
            new TopicFollower("product.events", TopicFollower.Followed.YES)));
    status.repaired("the slot is lost", 2);
    status.removedFromOutbox("partition outbox_20260302 dropped");
    status
        .findings()
        .found(
            Server.POSTGRESQL,
            List.of(
                new Finding(Server.POSTGRESQL, Severity.WARNING, "wal_level is odd", "set it")));
  }

  private JsonNode served() throws Exception {
    try (var http = HttpClient.newHttpClient()) {
      var address = URI.create("http://127.0.0.1:%d/status".formatted(admin.port()));
      return new ObjectMapper()
          .readTree(
              http.send(HttpRequest.newBuilder(address).build(), BodyHandlers.ofString()).body());
    }
  }
}
