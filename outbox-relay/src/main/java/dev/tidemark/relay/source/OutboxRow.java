package dev.tidemark.relay.source;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemark.event.OutboxEvent;
import dev.tidemark.event.Topics;
import dev.tidemark.relay.source.Change.Content;
import dev.tidemark.relay.source.Change.Event;
import dev.tidemark.relay.source.Change.Poison;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.function.ToIntFunction;

/// A row of the table `outbox`, from the log or from the table itself.
///
/// @param time when it was committed; when it was written, where the commit time is not known
public record OutboxRow(
    UUID id,
    String aggregateType,
    String aggregateId,
    long version,
    String type,
    String payload,
    Optional<String> traceparent,
    Instant time) {

  /// Size limit of a row. It leaves room for the fixed parts in the largest record that the topics
  /// accept.
  public static final int MAX_BYTES = Topics.MAX_RECORD_BYTES - (64 << 10);

  /// Limit in characters for an id that can be the key of a dead letter, whatever else was too
  /// large.
  private static final int LONGEST_KEPT_ID = 1_000;

  /// Returns the content to be published for the row.
  Content content() {
    if (isTooLarge()) {
      return poison(
          "the row is over %d bytes; it stays in the outbox until its partition goes"
              .formatted(MAX_BYTES),
          Optional.of(aggregateId).filter(id -> id.length() <= LONGEST_KEPT_ID));
    }
    try {
      return new Event(
          new OutboxEvent(
              id, aggregateType, aggregateId, version, type, payload, traceparent, time));
    } catch (IllegalArgumentException breaksTheContract) {
      return poison(String.valueOf(breaksTheContract.getMessage()), Optional.of(aggregateId));
    }
  }

  private Poison poison(String reason, Optional<String> keptId) {
    return new Poison(
        reason,
        Optional.of(aggregateType).filter(OutboxEvent::isAggregateType),
        keptId,
        OptionalLong.of(version),
        Optional.of(payload),
        time);
  }

  private boolean isTooLarge() {
    // A character takes at most three bytes of UTF-8, so small rows need not be encoded for this.
    return recordSize(String::length) * 3L > MAX_BYTES
        && recordSize(text -> text.getBytes(UTF_8).length) > MAX_BYTES;
  }

  /// Returns the size of the variable parts of a record. The id is its key and a header; the types
  /// may be in a header and in the reason of a dead letter.
  private long recordSize(ToIntFunction<String> size) {
    long once = (long) size.applyAsInt(payload) + traceparent.map(size::applyAsInt).orElse(0);
    long twice =
        (long) size.applyAsInt(aggregateId)
            + size.applyAsInt(aggregateType)
            + size.applyAsInt(type);
    return once + 2 * twice;
  }
}
