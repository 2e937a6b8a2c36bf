package dev.tidemark.relay.sink;

import dev.tidemark.event.OutboxEvent;
import dev.tidemark.event.Topics;
import dev.tidemark.relay.settings.Configuration;
import dev.tidemark.relay.settings.Delivery;
import dev.tidemark.relay.sink.PublishedRows.Progress;
import dev.tidemark.relay.source.Change;
import dev.tidemark.relay.source.Change.Event;
import dev.tidemark.relay.source.Change.Poison;
import dev.tidemark.relay.status.RelayStatus;
import dev.tidemark.relay.status.SlotState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TransactionAbortedException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Publishes to Kafka, in one of two ways.
///
/// *Exactly once*: a batch and its progress are one Kafka transaction. A crash leaves both or none
/// for a `read_committed` reader, and the next sink of the same name fences this one off.
///
/// *At least once*: an idempotent producer and no transaction. An event is visible a few
/// milliseconds sooner, and after a crash everything that the slot had not confirmed comes again.
public final class KafkaEventSink implements EventSink {
  private static final Logger log = LoggerFactory.getLogger(KafkaEventSink.class);

  private final Delivery delivery;
  private final KafkaTopics topics;
  private final KafkaPositions positions;
  private final String productTopic;
  private final List<String> otherTopics;
  private final RefusedRecords refused;
  private final Function<Collection<String>, Set<UUID>> lettersOf;
  private final Producer<byte[], byte[]> producer;
  private final AtomicReference<@Nullable Fault> fault = new AtomicReference<>();
  private Set<UUID> knownLetters = Set.of();

  /// A record that was not accepted, the first one of its batch.
  private record Fault(Change change, String topic, Exception cause) {
    String text() {
      return "%s was not taken by topic %s: %s".formatted(change.name(), topic, cause.getMessage());
    }
  }

  /// A dead letter on its way.
  private record Letter(Change change, String reason, Future<RecordMetadata> written) {}

  /// @param lettersOf answers the rows of the newest dead letters of topics
  private KafkaEventSink(
      Configuration configuration,
      KafkaTopics topics,
      KafkaPositions positions,
      RefusedRecords refused,
      Function<Collection<String>, Set<UUID>> lettersOf,
      Producer<byte[], byte[]> producer) {
    this.delivery = configuration.delivery();
    this.topics = topics;
    this.positions = positions;
    this.productTopic = configuration.productTopic();
    this.otherTopics = configuration.otherTopics();
    this.refused = refused;
    this.lettersOf = lettersOf;
    this.producer = producer;
  }

  /// Opens a sink, which fences nobody before it takes over.
  ///
  /// @param slot whose events these are, as it was before anything of them was confirmed; the sink
  ///   of the same slot that takes over fences this one
  /// @param refused what earlier sinks have found out
  /// @param status receives what is waited for, and the topics that are filled
  public static KafkaEventSink open(
      Configuration configuration, SlotState slot, RefusedRecords refused, RelayStatus status) {
    return new KafkaEventSink(
        configuration,
        new KafkaTopics(configuration, status::fills),
        new KafkaPositions(configuration, slot, status::doing),
        refused,
        new PublishedEvents(configuration, status::doing)::letters,
        new KafkaProducer<>(
            settings(configuration, slot.owner()),
            new ByteArraySerializer(),
            new ByteArraySerializer()));
  }

  @Override
  public TakenOver takeOver() {
    topics.ensureEvents(productTopic);
    topics.ensureDeadLetters(Topics.deadLettersOf(productTopic));
    otherTopics.forEach(topics::ensureEvents);
    topics.ensurePositions(KafkaPositions.TOPIC);
    return switch (delivery) {
      case EXACTLY_ONCE -> {
        producer.initTransactions();
        yield positions.read();
      }
      case AT_LEAST_ONCE -> {
        knownLetters = lettersOf.apply(configuredTopics().toList());
        yield new TakenOver(new PublishedRows(), positions.read().reach());
      }
    };
  }

  @Override
  public int publish(List<Change> changes, Progress progress) {
    return switch (delivery) {
      case EXACTLY_ONCE -> publishInTransaction(changes, progress);
      case AT_LEAST_ONCE -> publishPlainly(changes, progress);
    };
  }

  @Override
  public void close() {
    producer.close(Duration.ZERO);
  }

  /// Publishes in a transaction. A record is made when it is sent, so that the bytes of a batch of
  /// large rows are not all in memory at once. A record that Kafka refuses for good becomes a dead
  /// letter in a new transaction.
  private int publishInTransaction(List<Change> changes, Progress progress) {
    while (true) {
      fault.set(null);
      var letters = new ArrayList<Letter>();
      producer.beginTransaction();
      try {
        // The answers are not checked one by one: a send that failed makes the commit fail.
        for (var change : changes) {
          var _ = send(change, letters);
        }
        var _ = producer.send(positions.record(progress));
        producer.commitTransaction();
        return told(letters);
      } catch (KafkaException e) {
        if (!isRefusal(e)) {
          throw named(e);
        }
        // After this, the callbacks that name the failed record have run.
        producer.abortTransaction();
        if (!isNewlyRefused(e)) {
          throw named(e);
        }
      }
    }
  }

  /// Publishes without a transaction. Only the reach of the progress is kept: that rows are
  /// published must not be recorded before it is so.
  private int publishPlainly(List<Change> changes, Progress progress) {
    fault.set(null);
    var letters = new ArrayList<Letter>();
    var acks = new ArrayList<Future<?>>(changes.size() + 1);
    changes.stream()
        .filter(change -> !knownLetters.contains(change.rowId()))
        .forEach(change -> acks.add(send(change, letters)));
    progress
        .reach()
        .map(reach -> positions.record(Progress.of(progress.precedingCommit(), reach)))
        .ifPresent(r -> acks.add(producer.send(r)));
    producer.flush();
    for (var ack : acks) {
      try {
        ack.get();
      } catch (ExecutionException e) {
        var failure = new KafkaException("an event was not acknowledged", e.getCause());
        // The next session knows it.
        var _ = isNewlyRefused(failure);
        throw named(failure);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new KafkaException("interrupted while waiting for acknowledgements", e);
      }
    }
    return told(letters);
  }

  private Future<RecordMetadata> send(Change change, List<Letter> letters) {
    var content = refusal(change).orElse(change.content());
    return switch (content) {
      case Event(OutboxEvent event) -> {
        var record =
            new ProducerRecord<>(topicOf(event.aggregateType()), event.key(), event.value());
        event.headers((name, value) -> record.headers().add(name, value));
        yield send(record, change);
      }
      case Poison poison -> {
        var meantFor = poison.aggregateType().map(this::topicOf).orElse(productTopic);
        var record =
            KafkaDeadLetter.record(
                change.rowId(),
                poison,
                letterTopic(meantFor),
                meantFor,
                refused.isLetterCut(change.rowId()));
        var written = send(record, change);
        letters.add(new Letter(change, poison.reason(), written));
        yield written;
      }
    };
  }

  private Future<RecordMetadata> send(ProducerRecord<byte[], byte[]> record, Change change) {
    var topic = record.topic();
    return producer.send(
        record,
        (metadata, e) -> {
          // Records that were sent after the failed one fail because of it.
          if (e != null && !(e instanceof TransactionAbortedException)) {
            fault.compareAndSet(null, new Fault(change, topic, e));
          }
        });
  }

  /// Returns a dead letter in place of the event, where its topic or the row itself is refused.
  private Optional<Change.Content> refusal(Change change) {
    if (!(change.content() instanceof Event(OutboxEvent event))) {
      return Optional.empty();
    }
    return refused
        .ofRow(change.rowId())
        .or(() -> refusalOf(topicOf(event.aggregateType()), topics::ensureEvents))
        .map(
            reason ->
                new Poison(
                    reason,
                    Optional.of(event.aggregateType()),
                    Optional.of(event.aggregateId()),
                    OptionalLong.of(event.version()),
                    Optional.of(event.payload()),
                    event.time()));
  }

  /// Creates the topic where that is to be done, and returns the reason where it is refused.
  private Optional<String> refusalOf(String topic, Consumer<String> ensure) {
    if (configuredTopics().anyMatch(topic::equals)) {
      return Optional.empty();
    }
    var known = refused.ofTopic(topic);
    if (known.isPresent()) {
      return known;
    }
    try {
      ensure.accept(topic);
      return Optional.empty();
    } catch (KafkaTopics.Refused e) {
      var reason = String.valueOf(e.getMessage());
      refused.addTopic(topic, reason);
      return Optional.of(reason);
    }
  }

  private String letterTopic(String meantFor) {
    var letters = Topics.deadLettersOf(meantFor);
    var ofProducts = Topics.deadLettersOf(productTopic);
    return letters.equals(ofProducts) || refusalOf(letters, topics::ensureDeadLetters).isPresent()
        ? ofProducts
        : letters;
  }

  private String topicOf(String aggregateType) {
    return aggregateType.equals(Configuration.PRODUCT)
        ? productTopic
        : Topics.ofAggregate(aggregateType);
  }

  /// Returns the topics that a relay cannot work without.
  private Stream<String> configuredTopics() {
    return Stream.concat(Stream.of(productTopic), otherTopics.stream());
  }

  private static boolean isRefusal(KafkaException failure) {
    for (Throwable e = failure; e != null; e = e.getCause()) {
      if (e instanceof RecordTooLargeException || e instanceof TopicAuthorizationException) {
        return true;
      }
    }
    return false;
  }

  /// Notes a record that Kafka will refuse again.
  ///
  /// @return whether the same changes would be published in another way now
  private boolean isNewlyRefused(KafkaException failure) {
    boolean isNews = false;
    for (Throwable e = failure; e != null; e = e.getCause()) {
      if (e instanceof TopicAuthorizationException unauthorized) {
        for (var topic : unauthorized.unauthorizedTopics()) {
          isNews |=
              isDispensable(topic)
                  && refused.addTopic(topic, "topic %s may not be written to".formatted(topic));
        }
      }
    }
    var first = fault.get();
    if (first != null && first.cause() instanceof RecordTooLargeException) {
      var row = first.change().rowId();
      boolean wasEvent = first.change().content() instanceof Event && refused.ofRow(row).isEmpty();
      isNews |= wasEvent ? refused.addRow(row, first.text()) : refused.addLetter(row, first.text());
    }
    return isNews;
  }

  private boolean isDispensable(String topic) {
    return !topic.equals(KafkaPositions.TOPIC)
        && !topic.equals(Topics.deadLettersOf(productTopic))
        && configuredTopics().noneMatch(topic::equals);
  }

  private KafkaException named(KafkaException failure) {
    var first = fault.get();
    return first == null ? failure : new KafkaException(first.text(), failure);
  }

  /// Logs the letters. To be called when they are written.
  private static int told(List<Letter> letters) {
    for (var letter : letters) {
      var written = letter.written().resultNow();
      log.atWarn()
          .addKeyValue("topic", written.topic())
          .addKeyValue("partition", written.partition())
          .addKeyValue("offset", written.offset())
          .addKeyValue("key", letter.change().key())
          .addKeyValue("row", letter.change().rowId())
          .addKeyValue("reason", letter.reason())
          .log("dead letter");
    }
    return letters.size();
  }

  private static Map<String, Object> settings(Configuration configuration, String owner) {
    var settings = configuration.kafka();
    settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    settings.put(ProducerConfig.ACKS_CONFIG, "all");
    // This costs no time: every batch of changes ends with a flush. Without it each batch would
    // begin with requests of a few records.
    settings.putIfAbsent(ProducerConfig.LINGER_MS_CONFIG, 100);
    settings.putIfAbsent(ProducerConfig.BATCH_SIZE_CONFIG, 256 << 10);
    settings.putIfAbsent(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, Topics.MAX_RECORD_BYTES);
    // A take-over waits this long when it finds its predecessor's transaction open.
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
