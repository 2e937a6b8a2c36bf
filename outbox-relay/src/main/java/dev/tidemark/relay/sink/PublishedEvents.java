package dev.tidemark.relay.sink;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemark.event.EventHeaders;
import dev.tidemark.event.ReceivedEvent;
import dev.tidemark.event.Topics;
import dev.tidemark.relay.settings.Configuration;
import dev.tidemark.relay.source.OutboxRow;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/// Events that the topics already hold.
public final class PublishedEvents {
  /// Largest difference between the servers' clocks that is allowed for.
  public static final Duration CLOCK_DIFFERENCE = Duration.ofHours(1);

  private static final int PIECE = 2_000;
  private static final int REMEMBERED_LETTERS = 1_000;

  private final Configuration configuration;
  private final Consumer<String> doing;

  /// @param doing receives a description of what is waited for
  public PublishedEvents(Configuration configuration, Consumer<String> doing) {
    this.configuration = configuration;
    this.doing = doing;
  }

  /// An outbox row that is in a topic.
  ///
  /// @param id the row's
  /// @param aggregateId null, as are the type and the version, when it is a dead letter
  public record Published(
      UUID id,
      @Nullable String aggregateType,
      @Nullable String aggregateId,
      @Nullable Long version) {}

  /// Returns the newest versions, from so many records at the end of each partition of the
  /// configured topics. Only events count: a state that `resync` sends again may come before older
  /// events.
  public VersionMemory newestVersions(int recordsOfAPartition) {
    var versions = new VersionMemory();
    try (var records = KafkaCommittedRecords.open(configuration.kafka(), doing)) {
      // Uncommitted or aborted records can hide a gap there, but cannot cause a false one.
      records.readNewest(
          Stream.concat(
              Stream.of(configuration.productTopic()), configuration.otherTopics().stream()),
          recordsOfAPartition,
          record -> {
            if (record.headers().lastHeader(EventHeaders.RESYNC) == null
                && event(record) instanceof ReceivedEvent.Valid event) {
              versions.published(
                  event.aggregateType(),
                  event.aggregateId(),
                  event.version(),
                  event.time().orElse(Instant.ofEpochMilli(record.timestamp())));
            }
          });
    }
    return versions;
  }

  /// Returns the rows of the newest dead letters of these topics.
  public Set<UUID> letters(Collection<String> topics) {
    var rows = new HashSet<UUID>();
    try (var records = KafkaCommittedRecords.open(configuration.kafka(), doing)) {
      records.readNewest(
          topics.stream().map(Topics::deadLettersOf),
          REMEMBERED_LETTERS,
          record -> id(record).ifPresent(rows::add));
    }
    return rows;
  }

  /// Returns the ids of those of these rows that are in the topics, as events or as dead letters.
  Set<UUID> publishedOf(List<OutboxRow> rows) {
    var ids = rows.stream().map(OutboxRow::id).collect(Collectors.toSet());
    var found = new HashSet<UUID>();
    since(
        rows.stream()
            .map(OutboxRow::time)
            .min(Instant::compareTo)
            .orElseThrow()
            .minus(CLOCK_DIFFERENCE),
        rows.stream().map(OutboxRow::aggregateType).collect(Collectors.toSet()),
        piece -> piece.stream().map(Published::id).filter(ids::contains).forEach(found::add));
    return found;
  }

  /// Passes on everything that was published of these aggregate types since then, and its dead
  /// letters, piece by piece.
  public void since(
      Instant time, Collection<String> aggregateTypes, Consumer<List<Published>> receiver) {
    var piece = new ArrayList<Published>(PIECE);
    try (var records = KafkaCommittedRecords.open(configuration.kafka(), doing)) {
      for (var topic : topicsOf(aggregateTypes)) {
        var partitions = records.partitions(topic);
        if (partitions.isEmpty()) {
          continue;
        }
        var ends = records.ends(partitions);
        records.read(
            begin(records, partitions, ends, time),
            ends,
            record -> {
              published(record).ifPresent(piece::add);
              if (piece.size() == PIECE) {
                receiver.accept(List.copyOf(piece));
                piece.clear();
              }
            });
      }
    }
    if (!piece.isEmpty()) {
      receiver.accept(piece);
    }
  }

  private static Map<TopicPartition, Long> begin(
      KafkaCommittedRecords records,
      List<TopicPartition> partitions,
      Map<TopicPartition, Long> ends,
      Instant time) {
    var from = new HashMap<>(records.since(partitions, time.toEpochMilli()));
    from.replaceAll((partition, offset) -> offset < 0 ? ends.getOrDefault(partition, 0L) : offset);
    return from;
  }

  private Set<String> topicsOf(Collection<String> aggregateTypes) {
    var topics = new LinkedHashSet<String>();
    topics.add(configuration.productTopic());
    aggregateTypes.stream()
        .filter(type -> !type.equals(Configuration.PRODUCT))
        .map(Topics::ofAggregate)
        .filter(Topics::isOfAnAggregate)
        .forEach(topics::add);
    for (var topic : List.copyOf(topics)) {
      topics.add(Topics.deadLettersOf(topic));
    }
    return topics;
  }

  private static Optional<Published> published(ConsumerRecord<byte[], byte[]> record) {
    return id(record)
        .map(
            id ->
                event(record) instanceof ReceivedEvent.Valid event
                    ? new Published(id, event.aggregateType(), event.aggregateId(), event.version())
                    : new Published(id, null, null, null));
  }

  private static Optional<UUID> id(ConsumerRecord<byte[], byte[]> record) {
    var header = record.headers().lastHeader(EventHeaders.ID);
    try {
      return header == null
          ? Optional.empty()
          : Optional.of(UUID.fromString(new String(header.value(), UTF_8)));
    } catch (IllegalArgumentException notOurs) {
      return Optional.empty();
    }
  }

  private static ReceivedEvent event(ConsumerRecord<byte[], byte[]> record) {
    return ReceivedEvent.read(
        record.key(),
        name -> {
          var header = record.headers().lastHeader(name);
          return header == null ? null : header.value();
        });
  }
}
