package dev.tidemark.invalidator.events;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemark.event.EventHeaders;
import dev.tidemark.event.Sha256;
import dev.tidemark.event.Topics;
import java.util.Arrays;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

/// A record that breaks the contract, and the reason.
public record DeadLetter(ConsumerRecord<byte[], byte[]> record, String reason) {

  /// Room for the lengths of a record's parts, and for the overhead of a batch of one.
  private static final int OVERHEAD_BYTES = 512;

  private static final int LOGGED_BYTES = 120;

  /// Limit for key and headers where these alone are too large.
  private static final int SHORT_BYTES = 1024;

  public String topic() {
    return Topics.deadLettersOf(record.topic());
  }

  /// Returns the beginning of the key as one line of text.
  public String keyText() {
    byte[] key = record.key();
    return key == null
        ? "none"
        : new String(beginning(key, LOGGED_BYTES), UTF_8).replaceAll("\\p{Cntrl}", "?");
  }

  /// Returns the record as it was, with the headers of a dead letter added. A record that is too
  /// large is cut: its value is cut to the beginning that fits, with length and hash of the whole
  /// as headers. Where key and headers alone are too large, only their short parts stay.
  ///
  /// @param most what the letter may take in bytes
  ProducerRecord<byte[], byte[]> toSend(int most) {
    Headers own = new RecordHeaders();
    own.add(EventHeaders.DEAD_LETTER_REASON, beginning(reason.getBytes(UTF_8), SHORT_BYTES));
    own.add(EventHeaders.DEAD_LETTER_TOPIC, record.topic().getBytes(UTF_8));
    own.add(
        EventHeaders.DEAD_LETTER_PARTITION, Integer.toString(record.partition()).getBytes(UTF_8));
    own.add(EventHeaders.DEAD_LETTER_OFFSET, Long.toString(record.offset()).getBytes(UTF_8));
    byte[] key = record.key();
    Headers headers = new RecordHeaders(record.headers());
    int room = most - OVERHEAD_BYTES - bytes(own) - bytes(headers) - length(key);
    byte[] value = record.value();
    if (value != null && value.length > room) {
      own.add(
          EventHeaders.DEAD_LETTER_VALUE_LENGTH, Integer.toString(value.length).getBytes(UTF_8));
      own.add(EventHeaders.DEAD_LETTER_VALUE_SHA256, Sha256.hexOf(value));
      value = beginning(value, Math.max(room, 0));
    }
    if (room < 0) {
      headers = shortOnes(headers);
      key = key == null ? null : beginning(key, SHORT_BYTES);
    }
    own.forEach(headers::add);
    return new ProducerRecord<>(topic(), null, null, key, value, headers);
  }

  /// Returns the short headers. Those of the contract are short.
  private static Headers shortOnes(Headers headers) {
    Headers few = new RecordHeaders();
    int room = 4 * SHORT_BYTES;
    for (Header header : headers) {
      int bytes = bytes(header);
      if (bytes <= SHORT_BYTES && bytes <= room) {
        room -= bytes;
        few.add(header);
      }
    }
    return few;
  }

  private static int bytes(Headers headers) {
    int bytes = 0;
    for (Header header : headers) {
      bytes += bytes(header);
    }
    return bytes;
  }

  /// Returns the size of a header, with the lengths of name and value.
  private static int bytes(Header header) {
    return header.key().length() * 3 + length(header.value()) + 2 * Integer.BYTES;
  }

  private static int length(byte @Nullable [] bytes) {
    return bytes == null ? 0 : bytes.length;
  }

  private static byte[] beginning(byte[] bytes, int most) {
    return bytes.length <= most ? bytes : Arrays.copyOf(bytes, most);
  }
}
