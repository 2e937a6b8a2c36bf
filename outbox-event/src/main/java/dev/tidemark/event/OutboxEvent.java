package dev.tidemark.event;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;

/// One change of one aggregate, as in an outbox row and in a topic.
///
/// Immutable. The constructor refuses what could not be published under the contract; such a row
/// belongs in the dead letters.
///
/// @param id the outbox row's id, the same however often the event is sent
/// @param aggregateType what kind of thing changed; names the topic, see [Topics#ofAggregate]
/// @param aggregateId which one; the record's key
/// @param version the aggregate's version after the change: 1, 2, 3, … without a hole, at most
///   [#MAX_VERSION]
/// @param type what happened, `<aggregateType>.<verb>`
/// @param payload the state after the change, JSON
/// @param traceparent the W3C trace context of the request that made the change
/// @param time when the change was committed; when the row was written, where the commit time is
///   not known
public record OutboxEvent(
    UUID id,
    String aggregateType,
    String aggregateId,
    long version,
    String type,
    String payload,
    Optional<String> traceparent,
    Instant time) {

  /// Greatest version that JSON readers and Lua hold exactly: 2^53 - 1.
  public static final long MAX_VERSION = (1L << 53) - 1;

  private static final Pattern AGGREGATE_TYPE = Pattern.compile("[a-z][a-z0-9_-]{0,99}");
  private static final byte[] SPEC_VERSION = "1.0".getBytes(UTF_8);
  private static final byte[] SOURCE = "/tidemark/outbox".getBytes(UTF_8);
  private static final byte[] JSON = "application/json".getBytes(UTF_8);

  public OutboxEvent {
    if (!isAggregateType(aggregateType)) {
      throw new IllegalArgumentException(
          "aggregatetype '%s' must match %s".formatted(aggregateType, AGGREGATE_TYPE));
    }
    if (aggregateId.isEmpty()) {
      throw new IllegalArgumentException("aggregateid must not be empty");
    }
    if (version < 1 || version > MAX_VERSION) {
      throw new IllegalArgumentException(
          "version %d must be between 1 and %d".formatted(version, MAX_VERSION));
    }
    if (!type.startsWith(aggregateType + ".") || type.length() == aggregateType.length() + 1) {
      throw new IllegalArgumentException(
          "type '%s' must be '%s.' and a verb".formatted(type, aggregateType));
    }
  }

  /// Returns whether the text can be the type of an aggregate, and so a part of a topic's name.
  public static boolean isAggregateType(String text) {
    return AGGREGATE_TYPE.matcher(text).matches();
  }

  /// Returns the record's key.
  public byte[] key() {
    return aggregateId.getBytes(UTF_8);
  }

  /// Returns the record's value.
  public byte[] value() {
    return payload.getBytes(UTF_8);
  }

  /// Passes on the record's headers, each name once.
  public void headers(BiConsumer<String, byte[]> header) {
    header.accept(EventHeaders.SPEC_VERSION, SPEC_VERSION);
    header.accept(EventHeaders.ID, id.toString().getBytes(UTF_8));
    header.accept(EventHeaders.SOURCE, SOURCE);
    header.accept(EventHeaders.TYPE, type.getBytes(UTF_8));
    header.accept(EventHeaders.SUBJECT, key());
    header.accept(EventHeaders.TIME, time.toString().getBytes(UTF_8));
    header.accept(EventHeaders.AGGREGATE_VERSION, Long.toString(version).getBytes(UTF_8));
    header.accept(EventHeaders.CONTENT_TYPE, JSON);
    traceparent.ifPresent(t -> header.accept(EventHeaders.TRACEPARENT, t.getBytes(UTF_8)));
  }
}
