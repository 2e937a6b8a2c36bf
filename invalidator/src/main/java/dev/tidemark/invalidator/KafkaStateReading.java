package dev.tidemark.invalidator;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.tidemark.cache.CachedValue;
import dev.tidemark.event.EventHeaders;
import java.io.IOException;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/// Reads states out of records. Immutable.
final class KafkaStateReading {

  private static final String DELETED = ".deleted";
  private static final JsonFactory JSON = new JsonFactory();

  private KafkaStateReading() {}

  /// Empty when the record does not tell which aggregate it is about.
  static Optional<AggregateState> read(ConsumerRecord<byte[], byte[]> record) {
    EventReading reading = EventReading.withoutTime(record);
    return reading.key().map(key -> state(key, reading, record));
  }

  private static AggregateState state(
      String key, EventReading reading, ConsumerRecord<byte[], byte[]> record) {
    if (reading.fault().isPresent() || reading.version().isEmpty()) {
      return new AggregateState.Unreadable(key, reading.version());
    }
    long version = reading.version().getAsLong();
    if (isDeletion(record)) {
      return new AggregateState.Cacheable(key, new CachedValue.Absent(version));
    }
    byte[] value = record.value();
    return isObject(value)
        ? new AggregateState.Cacheable(key, new CachedValue.Present(version, value))
        : new AggregateState.Unreadable(key, reading.version());
  }

  private static boolean isDeletion(ConsumerRecord<byte[], byte[]> record) {
    Header type = record.headers().lastHeader(EventHeaders.TYPE);
    return type != null && new String(type.value(), UTF_8).endsWith(DELETED);
  }

  /// Whoever reads the cache hands the value on as it is: what is no JSON must not get there.
  private static boolean isObject(byte @Nullable [] value) {
    if (value == null) {
      return false;
    }
    try (JsonParser parser = JSON.createParser(value)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return false;
      }
      parser.skipChildren();
      return parser.currentToken() == JsonToken.END_OBJECT && parser.nextToken() == null;
    } catch (IOException notJson) {
      return false;
    }
  }
}
