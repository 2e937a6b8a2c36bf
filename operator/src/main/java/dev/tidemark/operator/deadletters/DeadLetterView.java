package dev.tidemark.operator.deadletters;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemark.event.EventHeaders;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/// View of a dead letter for humans and for programs. Bytes that are no text are shown in
/// hexadecimal.
public record DeadLetterView(ConsumerRecord<byte[], byte[]> record) {

  static final String RELAY = "relay";
  static final String INVALIDATOR = "invalidator";

  private static final ObjectMapper json = new ObjectMapper();

  /// Returns the service that put the letter aside. Only the invalidator names the record that it
  /// has read.
  String by() {
    return header(EventHeaders.DEAD_LETTER_OFFSET).isPresent() ? INVALIDATOR : RELAY;
  }

  String reason() {
    return header(EventHeaders.DEAD_LETTER_REASON).orElse("no reason is given");
  }

  Optional<String> key() {
    return Optional.ofNullable(record.key()).map(DeadLetterView::text);
  }

  Optional<String> header(String name) {
    Header header = record.headers().lastHeader(name);
    return header == null || header.value() == null
        ? Optional.empty()
        : Optional.of(text(header.value()));
  }

  /// Returns one line of a table.
  String line() {
    return "%s  %s  %-11s  %s  %s"
        .formatted(
            DeadLetterId.of(record),
            Instant.ofEpochMilli(record.timestamp()),
            by(),
            key().orElse("(no key)"),
            reason());
  }

  void print(PrintWriter out) {
    out.printf("letter    %s%n", DeadLetterId.of(record));
    out.printf("put aside %s, by the %s%n", Instant.ofEpochMilli(record.timestamp()), by());
    out.printf("reason    %s%n", reason());
    out.printf("key       %s%n", key().orElse("(none)"));
    for (Header header : record.headers()) {
      out.printf(
          "header    %s: %s%n",
          header.key(), header.value() == null ? "(null)" : text(header.value()));
    }
    out.printf("value     %s%n", record.value() == null ? "(null)" : text(record.value()));
  }

  /// Returns one line of JSON.
  String json() {
    ObjectNode node = json.createObjectNode();
    node.put("id", DeadLetterId.of(record).toString());
    node.put("time", Instant.ofEpochMilli(record.timestamp()).toString());
    node.put("by", by());
    node.put("reason", reason());
    node.put("key", key().orElse(null));
    ObjectNode headers = node.putObject("headers");
    for (Header header : record.headers()) {
      headers.put(header.key(), header.value() == null ? null : text(header.value()));
    }
    node.put("value", record.value() == null ? null : text(record.value()));
    return node.toString();
  }

  private static String text(byte @Nullable [] bytes) {
    if (bytes == null) {
      return "";
    }
    try {
      return UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException isNoText) {
      return "0x" + HexFormat.of().formatHex(bytes);
    }
  }
}
