package dev.tidemark.invalidator.events;

import dev.tidemark.event.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Topics of the records that nobody can read: `<topic>.dlt`. Each is created when it is first
/// needed and kept for ever. Confined to one thread.
public final class DeadLetters implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(DeadLetters.class);

  /// Longest time for one round of letters, and for the creation of a topic. The caller tries
  /// again.
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /// Size limit of a letter to a topic that takes less than [Topics#MAX_RECORD_BYTES]. Every topic
  /// takes this much.
  private static final int FEW_BYTES = 16 << 10;

  private final Map<String, Object> settings;
  private final Set<String> knownTopics = new HashSet<>();
  private @Nullable Producer<byte[], byte[]> producer;
  private @Nullable DeadLettersSent known;

  /// Starts nothing. The clients are created with the first letter.
  ///
  /// @param settings for any Kafka client
  public DeadLetters(Map<String, Object> settings) {
    this.settings = Map.copyOf(settings);
  }

  /// Sends the letters that are not there yet, and returns when Kafka has all of them.
  ///
  /// @return the letters that were sent
  /// @throws KafkaException when not all could be sent; call it again
  public List<DeadLetter> send(List<DeadLetter> letters) {
    Set<String> topics = letters.stream().map(DeadLetter::topic).collect(Collectors.toSet());
    topics.forEach(this::ensureTopic);
    List<DeadLetter> missing = missing(letters, topics);
    List<Future<RecordMetadata>> sent = new ArrayList<>();
    for (DeadLetter letter : missing) {
      sent.add(producer().send(letter.toSend(Topics.MAX_RECORD_BYTES)));
    }
    for (int i = 0; i < sent.size(); i++) {
      try {
        await(sent.get(i), "a dead letter was not sent");
      } catch (KafkaException e) {
        if (!(e.getCause() instanceof RecordTooLargeException)) {
          throw e;
        }
        await(producer().send(missing.get(i).toSend(FEW_BYTES)), "a dead letter was not sent");
      }
    }
    return missing;
  }

  /// Returns the letters that are not in the topics yet. Where the topics must not be read, returns
  /// all.
  private List<DeadLetter> missing(List<DeadLetter> letters, Set<String> topics) {
    try {
      topics.forEach(known()::readToEnd);
    } catch (AuthorizationException e) {
      log.atDebug().setCause(e).log("letters may be sent twice");
      return letters;
    }
    return letters.stream().filter(letter -> !known().has(letter)).toList();
  }

  private DeadLettersSent known() {
    if (known == null) {
      known = DeadLettersSent.open(settings, PATIENCE);
    }
    return known;
  }

  private Producer<byte[], byte[]> producer() {
    if (producer == null) {
      Map<String, Object> own = new HashMap<>(settings);
      own.put(ProducerConfig.ACKS_CONFIG, "all");
      own.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
      own.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, Topics.MAX_RECORD_BYTES);
      own.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, (int) PATIENCE.toMillis());
      own.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) PATIENCE.toMillis() / 2);
      own.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, (int) PATIENCE.toMillis());
      producer = new KafkaProducer<>(own, new ByteArraySerializer(), new ByteArraySerializer());
    }
    return producer;
  }

  private void ensureTopic(String topic) {
    if (knownTopics.contains(topic)) {
      return;
    }
    NewTopic wanted =
        new NewTopic(topic, Optional.of(1), Optional.empty())
            .configs(
                Map.of(
                    TopicConfig.RETENTION_MS_CONFIG,
                    "-1",
                    TopicConfig.MAX_MESSAGE_BYTES_CONFIG,
                    Integer.toString(Topics.MAX_RECORD_BYTES)));
    Map<String, Object> own = new HashMap<>(settings);
    own.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) PATIENCE.toMillis() / 2);
    own.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) PATIENCE.toMillis());
    try (Admin admin = Admin.create(own)) {
      create(admin, wanted);
      // A topic is known before it takes records, and a first record that comes too early may never
      // get in.
      await(
          admin.listOffsets(Map.of(new TopicPartition(topic, 0), OffsetSpec.latest())).all(),
          topic + " takes no records");
    }
    knownTopics.add(topic);
  }

  private static void create(Admin admin, NewTopic wanted) {
    try {
      await(admin.createTopics(List.of(wanted)).all(), wanted.name() + " was not made");
    } catch (KafkaException e) {
      if (!(e.getCause() instanceof TopicExistsException)) {
        throw e;
      }
    }
  }

  private static <T> void await(Future<T> future, String otherwise) {
    try {
      future.get();
    } catch (ExecutionException e) {
      throw new KafkaException(otherwise + ": " + e.getCause(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KafkaException(otherwise, e);
    }
  }

  @Override
  public void close() {
    if (producer != null) {
      producer.close(PATIENCE);
    }
    if (known != null) {
      known.close();
    }
  }
}
