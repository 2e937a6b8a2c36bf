package dev.tidemark.operator.deadletters;

import dev.tidemark.event.Topics;
import dev.tidemark.invalidation.KafkaSettings;
import dev.tidemark.invalidation.Unavailable;
import dev.tidemark.operator.run.OperatorSettings;
import dev.tidemark.operator.run.StopRequest;
import dev.tidemark.operator.topics.ScanStart;
import dev.tidemark.operator.topics.TopicScan;
import dev.tidemark.service.settings.InvalidSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import picocli.CommandLine.Model.CommandSpec;

/// Dead letters of the followed topics: those of the relay, for rows that cannot become events, and
/// those of the invalidator, for records that break the contract.
final class DeadLetterTopics {

  private final KafkaSettings settings;
  private final Consumer<String> news;

  DeadLetterTopics(KafkaSettings settings, Consumer<String> news) {
    this.settings = settings;
    this.news = news;
  }

  /// Creates it with the settings of the environment.
  ///
  /// @throws InvalidSettings when they are wrong
  static DeadLetterTopics of(CommandSpec spec, Map<String, String> variables) {
    KafkaSettings settings =
        KafkaSettings.from(OperatorSettings.SETTINGS.check(variables, KafkaSettings.SETTINGS));
    return new DeadLetterTopics(settings, line -> spec.commandLine().getErr().println(line));
  }

  KafkaSettings settings() {
    return settings;
  }

  /// Passes on every letter from a start on, in the order of its partition, except discarded ones.
  ///
  /// @return the discarded ones from the start on
  DeadLetterDiscards forEach(
      ScanStart start, StopRequest stopping, Consumer<ConsumerRecord<byte[], byte[]>> reader) {
    DeadLetterDiscards discards = new DeadLetterDiscards();
    List<String> topics = TopicScan.existing(settings, topics(), news);
    // The mark of a letter comes after it.
    read(topics, start, stopping, discards::isMark);
    read(
        topics,
        start,
        stopping,
        record -> {
          if (!discards.isMark(record) && !discards.has(record)) {
            reader.accept(record);
          }
        });
    return discards;
  }

  private void read(
      List<String> topics,
      ScanStart start,
      StopRequest stopping,
      Consumer<ConsumerRecord<byte[], byte[]>> reader) {
    if (topics.isEmpty()) {
      return;
    }
    try (TopicScan scan =
        TopicScan.open(settings.withTopics(topics).committedOnly(), start, news)) {
      while (!scan.isAtEnd()) {
        scan.next(stopping).forEach(reader);
      }
    }
  }

  private List<String> topics() {
    return settings.topics().stream().map(Topics::deadLettersOf).toList();
  }

  /// Returns the id with its topic.
  ///
  /// @throws Unavailable when there are several topics, and it does not say which
  DeadLetterId whole(DeadLetterId id) {
    if (!id.topic().isEmpty()) {
      return id;
    }
    if (topics().size() > 1) {
      throw new Unavailable(
          "there are several topics of dead letters: write %s:%s"
              .formatted(topics().getFirst(), id));
    }
    return new DeadLetterId(topics().getFirst(), id.partition(), id.offset());
  }

  /// Returns the letters with these ids, in their order.
  ///
  /// @throws Unavailable when one is not there
  List<ConsumerRecord<byte[], byte[]>> find(List<DeadLetterId> ids, StopRequest stopping) {
    List<Optional<ConsumerRecord<byte[], byte[]>>> found = new ArrayList<>();
    ids.forEach(_ -> found.add(Optional.empty()));
    var _ =
        forEach(
            new ScanStart.Beginning(),
            stopping,
            record -> {
              for (int i = 0; i < ids.size(); i++) {
                if (ids.get(i).isOf(record)) {
                  found.set(i, Optional.of(record));
                }
              }
            });
    List<ConsumerRecord<byte[], byte[]>> letters = new ArrayList<>();
    for (int i = 0; i < ids.size(); i++) {
      DeadLetterId id = ids.get(i);
      letters.add(
          found
              .get(i)
              .orElseThrow(
                  () ->
                      new Unavailable(
                          "there is no dead letter %s, or it was discarded; list shows all"
                              .formatted(id))));
    }
    return letters;
  }
}
