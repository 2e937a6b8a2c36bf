package dev.tidemark.relay;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemark.event.EventHeaders;
import dev.tidemark.event.OutboxEvent;
import dev.tidemark.event.Topics;
import dev.tidemark.relay.Change.Event;
import dev.tidemark.relay.Change.Poison;
import dev.tidemark.relay.PublishedRows.Progress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/// Publishes to Kafka, in one of two ways.
///
/// *Exactly once*: a batch and its progress are one Kafka transaction. A crash leaves both or none
/// for a `read_committed` reader, and the next sink of the same name fences this one off.
///
/// *At least once*: an idempotent producer and no transaction. An event is seen a few milliseconds
/// sooner, and after a crash what the slot had not confirmed comes again.
final class KafkaEventSink implements EventSink {
  /// Twice what a product of the largest allowed request takes as JSON.
  static final int MAX_RECORD_BYTES = 4 << 20;

  private final Delivery delivery;
  private final KafkaTopics topics;
  private final KafkaPositions positions;
  private final String productTopic;
  private final List<String> otherTopics;
  private final Producer<byte[], byte[]> producer;

  /// @param owner whose events these are; the sink of the same owner that takes over fences this
  ///   one
  KafkaEventSink(
      Configuration configuration, String owner, KafkaTopics topics, KafkaPositions positions) {
    this.delivery = configuration.delivery();
    this.topics = topics;
    this.positions = positions;
    this.productTopic = configuration.productTopic();
    this.otherTopics = configuration.otherTopics();
    this.producer =
        new KafkaProducer<>(
            settings(configuration, owner), new ByteArraySerializer(), new ByteArraySerializer());
  }

  @Override
  public Memory takeOver() {
    topics.ensureEvents(productTopic);
    topics.ensureDeadLetters(Topics.deadLettersOf(productTopic));
    otherTopics.forEach(topics::ensureEvents);
    topics.ensurePositions(KafkaPositions.TOPIC);
    return switch (delivery) {
      case EXACTLY_ONCE -> {
        producer.initTransactions();
        yield positions.read();
      }
      case AT_LEAST_ONCE -> new Memory(new PublishedRows(), positions.read().reach());
    };
  }

  @Override
  public void publish(List<Change> changes, Progress progress) {
    switch (delivery) {
      case EXACTLY_ONCE -> publishInTransaction(changes, progress);
      case AT_LEAST_ONCE -> publishPlainly(changes, progress);
    }
  }

  @Override
  public void close() {
    producer.close(Duration.ZERO);
  }

  /// A record is made when it is sent, so that the bytes of a batch of large rows are not all there
  /// at once.
  private void publishInTransaction(List<Change> changes, Progress progress) {
    producer.beginTransaction();
    // The answers are not looked at one by one: a send that failed fails the commit.
    for (var change : changes) {
      var _ = producer.send(record(change));
    }
    var _ = producer.send(positions.record(progress));
    producer.commitTransaction();
  }

  /// Of the progress only the reach is kept: that rows are published must not be written down
  /// before it is so.
  private void publishPlainly(List<Change> changes, Progress progress) {
    var acks = new ArrayList<Future<?>>(changes.size() + 1);
    changes.forEach(change -> acks.add(producer.send(record(change))));
    progress
        .reach()
        .map(reach -> positions.record(Progress.of(progress.precedingCommit(), reach)))
        .ifPresent(r -> acks.add(producer.send(r)));
    producer.flush();
    for (var ack : acks) {
      try {
        ack.get();
      } catch (ExecutionException e) {
        throw new KafkaException("an event was not acknowledged", e.getCause());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new KafkaException("interrupted while waiting for acknowledgements", e);
      }
    }
  }

  private ProducerRecord<byte[], byte[]> record(Change change) {
    return switch (change.content()) {
      case Event(OutboxEvent event) -> {
        var record =
            new ProducerRecord<>(topicOf(event.aggregateType()), event.key(), event.value());
        event.headers((name, value) -> record.headers().add(name, value));
        yield record;
      }
      case Poison poison -> {
        var topic = poison.aggregateType().map(this::topicOf).orElse(productTopic);
        var letters = Topics.deadLettersOf(topic);
        topics.ensureDeadLetters(letters);
        var record =
            new ProducerRecord<>(
                letters,
                poison.aggregateId().map(id -> id.getBytes(UTF_8)).orElse(null),
                poison.payload().map(p -> p.getBytes(UTF_8)).orElse(null));
        record.headers().add(EventHeaders.ID, change.rowId().toString().getBytes(UTF_8));
        record.headers().add(EventHeaders.DEAD_LETTER_REASON, poison.reason().getBytes(UTF_8));
        record.headers().add(EventHeaders.DEAD_LETTER_TOPIC, topic.getBytes(UTF_8));
        yield record;
      }
    };
  }

  private String topicOf(String aggregateType) {
    if (aggregateType.equals(Configuration.PRODUCT)) {
      return productTopic;
    }
    var topic = Topics.ofAggregate(aggregateType);
    topics.ensureEvents(topic);
    return topic;
  }

  private static Map<String, Object> settings(Configuration configuration, String owner) {
    var settings = configuration.kafka();
    settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    settings.put(ProducerConfig.ACKS_CONFIG, "all");
    // Costs no time: every batch of changes ends with a flush. Without it each of them would begin
    // with requests of a few records.
    settings.putIfAbsent(ProducerConfig.LINGER_MS_CONFIG, 100);
    settings.putIfAbsent(ProducerConfig.BATCH_SIZE_CONFIG, 256 << 10);
    settings.putIfAbsent(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, MAX_RECORD_BYTES);
    // A take-over waits so long when it finds its predecessor's transaction open.
    settings.putIfAbsent(ProducerConfig.RETRY_BACKOFF_MS_CONFIG, 20);
    settings.putIfAbsent(ProducerConfig.MAX_BLOCK_MS_CONFIG, 15_000);
    settings.putIfAbsent(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, 10_000);
    settings.putIfAbsent(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 20_000);
    if (configuration.delivery() == Delivery.EXACTLY_ONCE) {
      settings.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, "tidemark-relay/" + owner);
    }
    return settings;
  }
}
