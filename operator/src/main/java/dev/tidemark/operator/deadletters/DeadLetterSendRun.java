package dev.tidemark.operator.deadletters;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemark.event.EventHeaders;
import dev.tidemark.event.Topics;
import dev.tidemark.invalidation.EventReading;
import dev.tidemark.invalidation.KafkaSettings;
import dev.tidemark.invalidation.Unavailable;
import dev.tidemark.operator.deadletters.DeadLetterEvent.Corrections;
import dev.tidemark.operator.deadletters.DeadLetterEvent.Unfit;
import dev.tidemark.operator.run.CommandOptions;
import dev.tidemark.operator.run.CommandRun;
import dev.tidemark.operator.run.CommandRun.Result;
import dev.tidemark.operator.run.Progress;
import dev.tidemark.operator.run.RateLimit;
import dev.tidemark.operator.run.StopRequest;
import dev.tidemark.operator.topics.ScanStart;
import dev.tidemark.operator.topics.TopicScan;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import picocli.CommandLine.ExitCode;

/// Sends dead letters to their topics as events.
///
/// In a compacted topic the last record of a key stays. So an old state must not come after a newer
/// one: the letters are appended in a Kafka transaction, *then* the topic is read up to them, and
/// the transaction is committed only if nothing newer was found.
final class DeadLetterSendRun implements CommandRun.Work {

  private static final int BATCH = 500;

  /// Longest time for which a run that was killed can hold up readers of committed records.
  private static final Duration TRANSACTION_TIMEOUT = Duration.ofSeconds(30);

  private final DeadLetterTopics box;
  private final List<DeadLetterId> ids;
  private final Corrections corrections;
  private final CommandOptions options;
  private final Consumer<String> news;
  private final Runnable beforeAppending;
  private final String run = "dead-letters/" + UUID.randomUUID();

  private final List<String> sent = new ArrayList<>();
  private final List<String> superseded = new ArrayList<>();
  private final Map<String, String> unfit = new TreeMap<>();

  /// One aggregate in one topic.
  private record Aggregate(String topic, String id) {
    static Aggregate of(DeadLetterEvent letter) {
      return new Aggregate(letter.topic(), letter.event().aggregateId());
    }
  }

  /// @param ids empty: all
  /// @param beforeAppending runs when the topics are read and nothing is sent yet
  DeadLetterSendRun(
      DeadLetterTopics box,
      List<DeadLetterId> ids,
      Corrections corrections,
      CommandOptions options,
      Consumer<String> news,
      Runnable beforeAppending) {
    this.box = box;
    this.ids = List.copyOf(ids);
    this.corrections = corrections;
    this.options = options;
    this.news = news;
    this.beforeAppending = beforeAppending;
  }

  @Override
  public Result run(Progress progress, StopRequest stopping) {
    List<DeadLetterEvent> letters = fit(letters(stopping));
    if (letters.isEmpty()) {
      return result();
    }
    KafkaSettings settings =
        box.settings().withTopics(letters.stream().map(DeadLetterEvent::topic).distinct().toList());
    Map<Aggregate, Long> newest = new HashMap<>();
    letters.forEach(letter -> newest.put(Aggregate.of(letter), 0L));
    // A transaction that an earlier run left open is ended by this initialisation, and its records
    // are not read as committed.
    try (Producer<byte[], byte[]> producer = producer(settings)) {
      producer.initTransactions();
      ScanStart behind =
          read(settings.committedOnly(), new ScanStart.Beginning(), newest, progress, stopping);
      if (options.dryRun()) {
        current(letters, newest).forEach(letter -> sent.add(letter.id().toString()));
        return result();
      }
      RateLimit pace = new RateLimit(options.perSecond(), BATCH);
      for (int from = 0; from < letters.size(); from += pace.largestBatch()) {
        List<DeadLetterEvent> batch =
            letters.subList(from, Math.min(from + pace.largestBatch(), letters.size()));
        pace.await(batch.size(), stopping);
        behind = send(batch, newest, behind, settings, producer);
      }
    }
    return result();
  }

  private List<ConsumerRecord<byte[], byte[]>> letters(StopRequest stopping) {
    if (!ids.isEmpty()) {
      return box.find(ids, stopping);
    }
    List<ConsumerRecord<byte[], byte[]>> letters = new ArrayList<>();
    box.forEach(new ScanStart.Beginning(), stopping, letters::add);
    return letters;
  }

  /// Returns the letters that are events now, older versions first.
  private List<DeadLetterEvent> fit(List<ConsumerRecord<byte[], byte[]>> letters) {
    List<DeadLetterEvent> fit = new ArrayList<>();
    for (ConsumerRecord<byte[], byte[]> letter : letters) {
      try {
        fit.add(DeadLetterEvent.of(letter, corrections));
      } catch (Unfit e) {
        String id = DeadLetterId.of(letter).toString();
        unfit.put(id, String.valueOf(e.getMessage()));
        news.accept("left: %s: %s".formatted(id, e.getMessage()));
      }
    }
    fit.sort(Comparator.comparingLong(letter -> letter.event().version()));
    return fit;
  }

  /// Reads the topics up to their ends.
  ///
  /// @param newest the newest version of each aggregate that is asked about; is raised
  /// @return where the ends were
  private ScanStart read(
      KafkaSettings settings,
      ScanStart start,
      Map<Aggregate, Long> newest,
      Progress progress,
      StopRequest stopping) {
    try (TopicScan scan = TopicScan.open(settings, start, news)) {
      progress.begin("read", "records", scan.total());
      while (!scan.isAtEnd()) {
        scan.next(stopping).stream()
            .filter(record -> !isOfThisRun(record))
            .forEach(record -> raise(newest, record));
        progress.done(scan.done());
      }
      return scan.end();
    }
  }

  private static void raise(Map<Aggregate, Long> newest, ConsumerRecord<byte[], byte[]> record) {
    EventReading reading = EventReading.of(record);
    if (reading.fault().isPresent()) {
      // No consumer has trusted this record. It may be the very record that the letter is about.
      return;
    }
    String key = reading.keys().getFirst();
    newest.computeIfPresent(
        new Aggregate(record.topic(), key.substring(key.indexOf(':') + 1)),
        (_, known) -> Math.max(known, reading.version().orElseThrow()));
  }

  private boolean isOfThisRun(ConsumerRecord<byte[], byte[]> record) {
    Header header = record.headers().lastHeader(EventHeaders.RESYNC);
    return header != null && run.equals(new String(header.value(), UTF_8));
  }

  /// Repeats the transaction until nothing newer came in between.
  ///
  /// @return up to where the topics are read
  private ScanStart send(
      List<DeadLetterEvent> batch,
      Map<Aggregate, Long> newest,
      ScanStart behind,
      KafkaSettings settings,
      Producer<byte[], byte[]> producer) {
    ScanStart read = behind;
    List<DeadLetterEvent> current = current(batch, newest);
    beforeAppending.run();
    while (!current.isEmpty()) {
      producer.beginTransaction();
      append(current, producer);
      // This read must not be stopped: readers of committed records wait for the transaction's end.
      read = read(settings, read, newest, new Progress(), new StopRequest());
      List<DeadLetterEvent> still = current(current, newest);
      if (still.equals(current)) {
        producer.commitTransaction();
        current.forEach(letter -> sent.add(letter.id().toString()));
        current.forEach(letter -> newest.put(Aggregate.of(letter), letter.event().version()));
        return read;
      }
      producer.abortTransaction();
      current = still;
    }
    return read;
  }

  /// Returns the letters that are newer than the topic. The others are noted as superseded.
  private List<DeadLetterEvent> current(
      List<DeadLetterEvent> letters, Map<Aggregate, Long> newest) {
    Map<Aggregate, Long> reached = new HashMap<>(newest);
    List<DeadLetterEvent> current = new ArrayList<>();
    for (DeadLetterEvent letter : letters) {
      long version = letter.event().version();
      if (version > reached.getOrDefault(Aggregate.of(letter), 0L)) {
        reached.put(Aggregate.of(letter), version);
        current.add(letter);
      } else {
        superseded.add(letter.id().toString());
      }
    }
    return current;
  }

  private void append(List<DeadLetterEvent> letters, Producer<byte[], byte[]> producer) {
    List<Future<?>> acknowledged = new ArrayList<>();
    for (DeadLetterEvent letter : letters) {
      ProducerRecord<byte[], byte[]> record =
          new ProducerRecord<>(letter.topic(), letter.event().key(), letter.event().value());
      letter.event().headers((name, value) -> record.headers().add(name, value));
      record.headers().add(EventHeaders.RESYNC, run.getBytes(UTF_8));
      acknowledged.add(producer.send(record));
    }
    producer.flush();
    for (Future<?> each : acknowledged) {
      try {
        each.get();
      } catch (ExecutionException e) {
        throw new KafkaException("an event was not sent: " + e.getCause(), e.getCause());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new Unavailable("interrupted");
      }
    }
  }

  private static Producer<byte[], byte[]> producer(KafkaSettings settings) {
    Map<String, Object> own = settings.forClient();
    own.put(ProducerConfig.ACKS_CONFIG, "all");
    own.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    own.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, Topics.MAX_RECORD_BYTES);
    own.put(
        ProducerConfig.TRANSACTIONAL_ID_CONFIG,
        "tidemark-dead-letters/" + settings.topics().getFirst());
    own.put(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, (int) TRANSACTION_TIMEOUT.toMillis());
    own.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, 15_000);
    own.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, 5_000);
    own.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 10_000);
    return new KafkaProducer<>(own, new ByteArraySerializer(), new ByteArraySerializer());
  }

  @Override
  public Result result() {
    Map<String, Object> json = new TreeMap<>();
    json.put("dryRun", options.dryRun());
    json.put(options.dryRun() ? "wouldSend" : "sent", sent);
    json.put("superseded", superseded);
    json.put("unfit", unfit);
    return new Result(
        unfit.isEmpty() ? ExitCode.OK : ExitCode.SOFTWARE,
        "%,d %s, %,d superseded by what the topic has, %,d still wrong"
            .formatted(
                sent.size(),
                options.dryRun() ? "would be sent" : "sent",
                superseded.size(),
                unfit.size()),
        json);
  }

  @Override
  public String resumption() {
    String which =
        ids.isEmpty()
            ? "--all"
            : ids.stream().map(DeadLetterId::toString).collect(Collectors.joining(" "));
    return which + corrections.arguments() + options.arguments();
  }
}
