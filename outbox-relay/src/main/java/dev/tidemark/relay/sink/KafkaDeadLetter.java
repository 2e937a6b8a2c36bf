package dev.tidemark.relay.sink;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemark.event.EventHeaders;
import dev.tidemark.event.Sha256;
import dev.tidemark.relay.source.Change.Poison;
import dev.tidemark.relay.source.OutboxRow;
import java.util.Arrays;
import java.util.UUID;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

/// Record of a dead letter: the row's key and payload, with the fault in headers.
///
/// A payload that the letter's topic may not accept is cut. Then the record's value is its
/// beginning, and two headers give its length and its hash.
final class KafkaDeadLetter {
  /// Size that every topic accepts, whatever its `max.message.bytes` is within reason.
  static final int CUT_BYTES = 16 << 10;

  private static final int LONGEST_CUT_KEY = 4 << 10;

  /// Limit in characters. Some reasons quote the row.
  private static final int LONGEST_REASON = 2_000;

  private KafkaDeadLetter() {}

  /// @param topic of the letter
  /// @param meantFor the topic where the event would have been
  /// @param isCut whether it is known that the whole payload is not taken
  static ProducerRecord<byte[], byte[]> record(
      UUID row, Poison poison, String topic, String meantFor, boolean isCut) {
    byte[] key =
        poison
            .aggregateId()
            .map(id -> id.getBytes(UTF_8))
            .filter(id -> !isCut || id.length <= LONGEST_CUT_KEY)
            .orElse(null);
    byte[] payload = poison.payload().map(p -> p.getBytes(UTF_8)).orElse(null);
    boolean isTooLong =
        payload != null
            && payload.length > CUT_BYTES
            && (isCut || payload.length + length(key) > OutboxRow.MAX_BYTES);
    var record =
        new ProducerRecord<byte[], byte[]>(
            topic, key, isTooLong && payload != null ? Arrays.copyOf(payload, CUT_BYTES) : payload);
    var headers = record.headers();
    headers.add(EventHeaders.ID, row.toString().getBytes(UTF_8));
    headers.add(EventHeaders.DEAD_LETTER_REASON, reason(poison).getBytes(UTF_8));
    headers.add(EventHeaders.DEAD_LETTER_TOPIC, meantFor.getBytes(UTF_8));
    if (isTooLong && payload != null) {
      headers.add(
          EventHeaders.DEAD_LETTER_VALUE_LENGTH, Integer.toString(payload.length).getBytes(UTF_8));
      headers.add(EventHeaders.DEAD_LETTER_VALUE_SHA256, Sha256.hexOf(payload));
    }
    return record;
  }

  private static String reason(Poison poison) {
    var reason = poison.reason();
    return reason.length() <= LONGEST_REASON ? reason : reason.substring(0, LONGEST_REASON) + " …";
  }

  private static int length(byte @Nullable [] bytes) {
    return bytes == null ? 0 : bytes.length;
  }
}
