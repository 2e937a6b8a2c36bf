package dev.tidemark.relay.resync;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemark.event.EventHeaders;
import dev.tidemark.event.OutboxEvent;
import dev.tidemark.event.Topics;
import dev.tidemark.relay.settings.Configuration;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/// Publishes states beside the live relay, under a transactional id of its own, so that neither
/// fences the other.
///
/// Confined to one thread. After an exception it is of no more use.
final class ResyncSink implements AutoCloseable {
  /// Longest time for which a run that was killed can hold up readers of committed records.
  private static final Duration TRANSACTION_TIMEOUT = Duration.ofSeconds(10);

  private final String topic;
  private final byte[] run;
  private final Producer<byte[], byte[]> producer;

  private ResyncSink(String topic, String run, Producer<byte[], byte[]> producer) {
    this.topic = topic;
    this.run = run.getBytes(UTF_8);
    this.producer = producer;
  }

  /// Opens a sink, and ends what an earlier sink of the same owner left open.
  ///
  /// @param owner whose states these are
  /// @param run names the run in each record's header
  static ResyncSink open(Configuration configuration, String owner, String run) {
    var producer =
        new KafkaProducer<>(
            settings(configuration, owner), new ByteArraySerializer(), new ByteArraySerializer());
    try {
      producer.initTransactions();
    } catch (RuntimeException e) {
      producer.close(Duration.ZERO);
      throw e;
    }
    return new ResyncSink(configuration.productTopic(), run, producer);
  }

  /// Appends the states to the topic, and only then asks whether they are current. If so, it
  /// commits them. Otherwise it aborts, and for readers and for compaction they were never sent.
  ///
  /// @return what `current` answered
  boolean publishIf(List<OutboxEvent> states, BooleanSupplier current) {
    producer.beginTransaction();
    try {
      append(states);
      boolean counts = current.getAsBoolean();
      if (counts) {
        producer.commitTransaction();
      } else {
        producer.abortTransaction();
      }
      return counts;
    } catch (RuntimeException e) {
      abortAfter(e);
      throw e;
    }
  }

  @Override
  public void close() {
    producer.close(Duration.ZERO);
  }

  private void append(List<OutboxEvent> states) {
    var acks = new ArrayList<Future<?>>(states.size());
    states.forEach(state -> acks.add(producer.send(record(state))));
    producer.flush();
    acks.forEach(ResyncSink::check);
  }

  /// Aborts the transaction. An open one would hold up readers of committed records until its
  /// timeout.
  private void abortAfter(RuntimeException failure) {
    try {
      producer.abortTransaction();
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }

  private static void check(Future<?> ack) {
    try {
      ack.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof KafkaException fault
          ? fault
          : new KafkaException("a state was not acknowledged", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KafkaException("interrupted while waiting for acknowledgements", e);
    }
  }

  private ProducerRecord<byte[], byte[]> record(OutboxEvent state) {
    var record = new ProducerRecord<>(topic, state.key(), state.value());
    state.headers((name, value) -> record.headers().add(name, value));
    record.headers().add(EventHeaders.RESYNC, run);
    return record;
  }

  private static Map<String, Object> settings(Configuration configuration, String owner) {
    var settings = configuration.kafka();
    settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    settings.put(ProducerConfig.ACKS_CONFIG, "all");
    settings.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, "tidemark-resync/" + owner);
    settings.put(
        ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, Math.toIntExact(TRANSACTION_TIMEOUT.toMillis()));
    settings.putIfAbsent(ProducerConfig.BATCH_SIZE_CONFIG, 256 << 10);
    settings.putIfAbsent(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, Topics.MAX_RECORD_BYTES);
    settings.putIfAbsent(ProducerConfig.MAX_BLOCK_MS_CONFIG, 15_000);
    settings.putIfAbsent(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, 5_000);
    settings.putIfAbsent(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 8_000);
    return settings;
  }
}
