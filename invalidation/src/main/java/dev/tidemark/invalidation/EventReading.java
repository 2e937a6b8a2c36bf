package dev.tidemark.invalidation;

import dev.tidemark.cache.store.CacheKey;
import dev.tidemark.event.EventHeaders;
import dev.tidemark.event.ReceivedEvent;
import dev.tidemark.event.Topics;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/// Meaning of a record for the cache: the key to evict, the version, and whether others can read
/// the record. Immutable.
///
/// @param keys one, of an event; of a record that breaks the contract each that it names, perhaps
///   none
/// @param version as the record says; empty when it says none
/// @param byForce whether the keys are to be evicted whatever they hold, as the version is not to
///   be believed, or not known
/// @param committed when the change was committed, where the record says so
/// @param fault why the record is a dead letter; empty for one that keeps the contract
/// @param isJsonObject whether the value is one
public record EventReading(
    List<String> keys,
    OptionalLong version,
    boolean byForce,
    Optional<Instant> committed,
    Optional<String> fault,
    boolean isJsonObject) {

  private static final Set<String> OF_THE_TIME =
      Set.of(EventHeaders.TIME, EventHeaders.RESYNC, EventHeaders.TRACEPARENT);

  public static EventReading of(ConsumerRecord<byte[], byte[]> record) {
    return of(record, name -> header(record, name));
  }

  /// Reads a record without the time of the commit, which costs as much to read as all other
  /// headers.
  public static EventReading withoutTime(ConsumerRecord<byte[], byte[]> record) {
    return of(record, name -> OF_THE_TIME.contains(name) ? null : header(record, name));
  }

  private static EventReading of(
      ConsumerRecord<byte[], byte[]> record, Function<String, byte @Nullable []> header) {
    return switch (ReceivedEvent.read(record.key(), header, record.value())) {
      case ReceivedEvent.Valid valid ->
          new EventReading(
              List.of(CacheKey.of(valid.aggregateType(), valid.aggregateId())),
              OptionalLong.of(valid.version()),
              false,
              valid.time(),
              Optional.empty(),
              valid.isJsonObject());
      case ReceivedEvent.Poison poison -> {
        String type = poison.aggregateType().orElseGet(() -> Topics.aggregateType(record.topic()));
        yield new EventReading(
            poison.aggregateIds().stream().map(id -> CacheKey.of(type, id)).toList(),
            poison.version(),
            poison.isContradictory() || poison.version().isEmpty(),
            Optional.empty(),
            Optional.of(poison.reason()),
            false);
      }
    };
  }

  /// Returns the reading of a record that was applied before, without its time and its letter: the
  /// time was reported then, and a dead letter was sent.
  public EventReading again() {
    return new EventReading(
        keys, version, byForce, Optional.empty(), Optional.empty(), isJsonObject);
  }

  private static byte @Nullable [] header(ConsumerRecord<byte[], byte[]> record, String name) {
    Header header = record.headers().lastHeader(name);
    return header == null ? null : header.value();
  }
}
