package dev.tidemark.relay.sink;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.relay.SharedServers;
import dev.tidemark.relay.settings.Configuration;
import dev.tidemark.relay.sink.PublishedRows.Progress;
import dev.tidemark.relay.sink.PublishedRows.Rows;
import dev.tidemark.relay.source.Change;
import dev.tidemark.relay.status.SlotState;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.postgresql.replication.LogSequenceNumber;

@ExtendWith(SharedServers.class)
class KafkaPositionsIT {
  private static final Change.Poison ANY =
      new Change.Poison(
          "its content does not matter here",
          Optional.empty(),
          Optional.empty(),
          OptionalLong.empty(),
          Optional.empty(),
          Instant.EPOCH);

  private static KafkaServer kafka;

  private final String server = UUID.randomUUID().toString();

  @BeforeAll
  static void prepare(KafkaServer broker) {
    kafka = broker;
  }

  @BeforeEach
  void makeTopic() {
    new KafkaTopics(configuration()).ensurePositions(KafkaPositions.TOPIC);
  }

  @Test
  void onlyWhatTheServerMayHandOutAgainIsReadBack() {
    var past = change(1);
    var edge = change(2);
    var open = change(3);
    try (var producer = producer("own")) {
      publish(producer, progress(Optional.empty(), past));
      publish(producer, progress(lsn("0/100"), edge));
      publish(producer, progress(lsn("0/200"), open));
    }

    var published = positions("0/100").read().published();

    assertThat(published.take(List.of(past, edge, open)).changes()).containsExactly(past);
    assertThat(positions("0/FF").read().published().take(List.of(past, edge, open)).changes())
        .isEmpty();
  }

  @Test
  void newestReachStandsAlsoWhenItIsLess() {
    try (var producer = producer("own")) {
      publish(
          producer,
          Progress.of(Optional.empty(), new ConfirmedLimit(1, LogSequenceNumber.valueOf(9))));
      publish(
          producer,
          Progress.of(Optional.empty(), new ConfirmedLimit(2, LogSequenceNumber.valueOf(5))));
      publish(producer, progress(lsn("0/200"), change(1)));
    }

    assertThat(positions("0/100").read().reach())
        .contains(new ConfirmedLimit(2, LogSequenceNumber.valueOf(5)));
  }

  @Test
  void reachThatNobodyHasWrittenIsUnknown() {
    assertThat(positions("0/100").read().reach()).isEmpty();
  }

  @Test
  void progressOfAnotherServerIsNotOurs() {
    var change = change(1);
    try (var producer = producer("own")) {
      publish(producer, progress(Optional.empty(), change));
    }
    var other = new KafkaPositions(configuration(), slot("another server", "0/1"));

    assertThat(other.read().published().take(List.of(change)).changes()).containsExactly(change);
  }

  /// A `read_committed` reader sees nothing behind the first open transaction, not even committed
  /// records.
  @Test
  void openTransactionOfAnotherRelayHidesNothing() throws Exception {
    var change = change(1);
    try (var other = producer("other");
        var own = producer("own")) {
      other.beginTransaction();
      other
          .send(
              new ProducerRecord<>(
                  KafkaPositions.TOPIC, 0, "another/slot".getBytes(UTF_8), "{}".getBytes(UTF_8)))
          .get();
      publish(own, progress(Optional.empty(), change));

      var reading = CompletableFuture.supplyAsync(() -> positions("0/1").read());
      await().during(Duration.ofMillis(500)).until(() -> !reading.isDone());
      other.abortTransaction();

      assertThat(reading.get(30, TimeUnit.SECONDS).published().take(List.of(change)).changes())
          .isEmpty();
    }
  }

  private void publish(KafkaProducer<byte[], byte[]> producer, Progress progress) {
    producer.beginTransaction();
    var _ = producer.send(positions("0/1").record(progress));
    producer.commitTransaction();
  }

  private KafkaPositions positions(String restart) {
    return new KafkaPositions(configuration(), slot(server, restart));
  }

  private static SlotState slot(String server, String restart) {
    return new SlotState(
        "tidemark_relay",
        server,
        1,
        SlotState.Status.RESERVED,
        false,
        LogSequenceNumber.valueOf(restart),
        LogSequenceNumber.valueOf(restart),
        0,
        0);
  }

  private static Progress progress(Optional<LogSequenceNumber> after, Change change) {
    return new Progress(
        after,
        List.of(new Rows(change.transactionId(), change.rowId().hashCode(), 1)),
        Optional.empty());
  }

  private static Change change(long transactionId) {
    return new Change(transactionId, Optional.empty(), UUID.randomUUID(), ANY);
  }

  private static Optional<LogSequenceNumber> lsn(String text) {
    return Optional.of(LogSequenceNumber.valueOf(text));
  }

  private KafkaProducer<byte[], byte[]> producer(String name) {
    Map<String, Object> settings =
        Map.of(
            "bootstrap.servers", kafka.bootstrapServers(), "transactional.id", server + "-" + name);
    var producer =
        new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
    producer.initTransactions();
    return producer;
  }

  private static Configuration configuration() {
    return Configuration.from(
        Map.of(
            "DATABASE_URL",
            "postgresql://nobody@127.0.0.1/none",
            "KAFKA_BOOTSTRAP_SERVERS",
            kafka.bootstrapServers()));
  }
}
