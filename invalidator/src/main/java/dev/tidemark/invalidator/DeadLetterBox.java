package dev.tidemark.invalidator;

import dev.tidemark.event.Topics;
import dev.tidemark.invalidator.OperatorRun.Failed;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/// The dead letters of the topics that are followed: the relay's, of rows that cannot become
/// events, and the invalidator's, of records that break the contract.
final class DeadLetterBox {

  private final KafkaSettings settings;
  private final Consumer<String> news;

  DeadLetterBox(KafkaSettings settings, Consumer<String> news) {
    this.settings = settings;
    this.news = news;
  }

  /// With the settings that the environment tells.
  ///
  /// @throws ParameterException when they are wrong
  static DeadLetterBox of(CommandSpec spec, Map<String, String> variables) {
    Environment environment = Configuration.checkedNames(variables);
    KafkaSettings settings = KafkaSettings.from(environment);
    try {
      environment.check();
    } catch (Configuration.Invalid e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
    }
    return new DeadLetterBox(settings, line -> spec.commandLine().getErr().println(line));
  }

  KafkaSettings settings() {
    return settings;
  }

  /// Hands over every letter from a start on, in the order of its partition.
  void forEach(
      ScanStart start, Stopping stopping, Consumer<ConsumerRecord<byte[], byte[]>> reader) {
    List<String> topics =
        KafkaTopicScan.existing(
            settings, settings.topics().stream().map(Topics::deadLettersOf).toList());
    if (topics.isEmpty()) {
      return;
    }
    try (KafkaTopicScan scan =
        KafkaTopicScan.open(settings.withTopics(topics).committedOnly(), start, news)) {
      while (!scan.isAtEnd() && !stopping.isWished()) {
        scan.next(stopping).forEach(reader);
      }
    }
  }

  /// The letters with these ids, in their order.
  ///
  /// @throws Failed when one is not there
  List<ConsumerRecord<byte[], byte[]>> find(List<DeadLetterId> ids, Stopping stopping) {
    List<Optional<ConsumerRecord<byte[], byte[]>>> found = new ArrayList<>();
    ids.forEach(_ -> found.add(Optional.empty()));
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
                  () -> new Failed("there is no dead letter %s; list shows all".formatted(id))));
    }
    return letters;
  }
}
