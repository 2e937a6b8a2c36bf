package dev.tidemark.relay.sink;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.event.OutboxEvent;
import dev.tidemark.relay.SharedServers;
import dev.tidemark.relay.session.Topic;
import dev.tidemark.relay.settings.Configuration;
import dev.tidemark.relay.sink.PublishedRows.Progress;
import dev.tidemark.relay.source.Change;
import dev.tidemark.relay.status.RelayStatus;
import dev.tidemark.relay.status.SlotState;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.apache.kafka.common.KafkaException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.postgresql.replication.LogSequenceNumber;

@ExtendWith(SharedServers.class)
class KafkaEventSinkIT {
  private static KafkaServer kafka;

  private final String server = UUID.randomUUID().toString();

  @BeforeAll
  static void prepare(KafkaServer broker) {
    kafka = broker;
  }

  /// H29: the zombie's events do not get into the topic.
  @Test
  void sinkThatTakesOverFencesTheOneBefore() {
    try (var zombie = sink(server);
        var successor = sink(server)) {
      zombie.takeOver();
      successor.takeOver();

      assertThatThrownBy(() -> publish(zombie)).isInstanceOf(KafkaException.class);
      publish(successor);
    }
  }

  /// Each server's slot has the same name, unless it is set otherwise.
  @Test
  void relaysOfTwoServersDoNotFenceEachOther() {
    try (var one = sink(server);
        var other = sink("another than " + server)) {
      one.takeOver();
      other.takeOver();

      publish(one);
      publish(other);
      publish(one);
    }
    assertThat(Topic.committed(kafka, "product.events"))
        .filteredOn(event -> new String(event.key(), UTF_8).equals(server))
        .hasSize(3);
  }

  private static EventSink sink(String systemIdentifier) {
    var configuration =
        Configuration.from(
            Map.of(
                "DATABASE_URL",
                "postgresql://nobody@127.0.0.1/none",
                "KAFKA_BOOTSTRAP_SERVERS",
                kafka.bootstrapServers()));
    var lsn = LogSequenceNumber.valueOf("0/1");
    var slot =
        new SlotState(
            "tidemark_relay",
            systemIdentifier,
            1,
            SlotState.Status.RESERVED,
            false,
            lsn,
            lsn,
            0,
            0);
    return KafkaEventSink.open(
        configuration,
        slot,
        new RefusedRecords(System::nanoTime),
        new RelayStatus(Clock.systemUTC()));
  }

  private void publish(EventSink sink) {
    var rowId = UUID.randomUUID();
    var event =
        new OutboxEvent(
            rowId, "product", server, 1, "product.created", "{}", Optional.empty(), Instant.now());
    sink.publish(
        List.of(new Change(1, Optional.empty(), rowId, new Change.Event(event))), Progress.NONE);
  }
}
