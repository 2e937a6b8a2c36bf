package dev.tidemark.operator.rebuild;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.event.EventHeaders;
import dev.tidemark.invalidation.EventReading;
import java.util.List;
import java.util.OptionalLong;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;

/// Reads states out of records. Immutable.
final class KafkaStateReading {

  private static final String DELETED = ".deleted";

  private KafkaStateReading() {}

  /// Returns one state for an event. For a record that breaks the contract, returns one for each
  /// key that it names, perhaps none.
  static List<AggregateState> read(ConsumerRecord<byte[], byte[]> record) {
    EventReading reading = EventReading.withoutTime(record);
    return reading.keys().stream().map(key -> state(key, reading, record)).toList();
  }

  private static AggregateState state(
      String key, EventReading reading, ConsumerRecord<byte[], byte[]> record) {
    if (reading.fault().isPresent()) {
      return new AggregateState.Unreadable(
          key, reading.byForce() ? OptionalLong.empty() : reading.version());
    }
    long version = reading.version().orElseThrow();
    if (isDeletion(record)) {
      return new AggregateState.Cacheable(key, new CachedValue.Absent(version));
    }
    // Readers of the cache pass the value on as it is, so a value that is no JSON must not get
    // there.
    return reading.isJsonObject()
        ? new AggregateState.Cacheable(key, new CachedValue.Present(version, record.value()))
        : new AggregateState.Unreadable(key, reading.version());
  }

  private static boolean isDeletion(ConsumerRecord<byte[], byte[]> record) {
    Header type = record.headers().lastHeader(EventHeaders.TYPE);
    return type != null && new String(type.value(), UTF_8).endsWith(DELETED);
  }
}
