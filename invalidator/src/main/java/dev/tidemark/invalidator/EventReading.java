package dev.tidemark.invalidator;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemark.cache.CacheKey;
import dev.tidemark.event.EventHeaders;
import dev.tidemark.event.ReceivedEvent;
import dev.tidemark.event.Topics;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/// What a record means for the cache: which key to evict, by which version, and whether the record
/// is fit to be read by others. Immutable.
///
/// @param key empty when the record does not even tell which aggregate it is about
/// @param version empty when it is not known: the key is to be evicted by force
/// @param committed when the change was committed, where the record says so
/// @param fault why the record is a dead letter; empty for one that keeps the contract
record EventReading(
    Optional<String> key,
    OptionalLong version,
    Optional<Instant> committed,
    Optional<String> fault) {

  private static final String DEFAULT_AGGREGATE_TYPE = "product";
  private static final Set<String> OF_THE_TIME =
      Set.of(EventHeaders.TIME, EventHeaders.RESYNC, EventHeaders.TRACEPARENT);

  /// Reads key and headers; the value is nobody's business here.
  static EventReading of(ConsumerRecord<byte[], byte[]> record) {
    return of(record, ReceivedEvent.read(record.key(), name -> header(record, name)));
  }

  /// The same without the time of the commit, which costs as much to read as all else.
  static EventReading withoutTime(ConsumerRecord<byte[], byte[]> record) {
    return of(
        record,
        ReceivedEvent.read(
            record.key(), name -> OF_THE_TIME.contains(name) ? null : header(record, name)));
  }

  private static EventReading of(ConsumerRecord<byte[], byte[]> record, ReceivedEvent event) {
    return switch (event) {
      case ReceivedEvent.Valid valid ->
          new EventReading(
              Optional.of(CacheKey.of(valid.aggregateType(), valid.aggregateId())),
              OptionalLong.of(valid.version()),
              valid.time(),
              Optional.empty());
      case ReceivedEvent.Poison poison ->
          new EventReading(
              poison
                  .aggregateId()
                  .or(() -> subject(record))
                  .map(
                      id ->
                          CacheKey.of(
                              poison.aggregateType().orElseGet(() -> aggregateType(record.topic())),
                              id)),
              poison.version(),
              Optional.empty(),
              Optional.of(poison.reason()));
    };
  }

  /// The same of a record that was applied before: how long that took was told then.
  EventReading again() {
    return new EventReading(key, version, Optional.empty(), fault);
  }

  private static Optional<String> subject(ConsumerRecord<byte[], byte[]> record) {
    return Optional.ofNullable(header(record, EventHeaders.SUBJECT))
        .map(bytes -> new String(bytes, UTF_8))
        .filter(id -> !id.isEmpty());
  }

  /// The other way round than [Topics#ofAggregate].
  private static String aggregateType(String topic) {
    String suffix = Topics.ofAggregate("");
    return topic.endsWith(suffix)
        ? topic.substring(0, topic.length() - suffix.length())
        : DEFAULT_AGGREGATE_TYPE;
  }

  private static byte @Nullable [] header(ConsumerRecord<byte[], byte[]> record, String name) {
    Header header = record.headers().lastHeader(name);
    return header == null ? null : header.value();
  }
}
