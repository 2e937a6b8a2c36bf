package dev.tidemark.event;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// What a record's key and headers tell about a change, without a look at its value.
public sealed interface ReceivedEvent {

  /// A record that keeps the contract.
  ///
  /// @param type what happened, `<aggregateType>.<verb>`
  /// @param version the aggregate's version after the change, 1 to [OutboxEvent#MAX_VERSION]
  /// @param time when the change was committed, where the record says so; empty for a state told
  ///   again (header `tidemark-resync`), whose way here says nothing about how fast changes come
  record Valid(
      String aggregateType,
      String aggregateId,
      String type,
      long version,
      Optional<Instant> time,
      Optional<String> traceparent)
      implements ReceivedEvent {}

  /// A record that breaks the contract, with whatever is known all the same: enough to evict by, if
  /// the id is there.
  record Poison(
      String reason,
      Optional<String> aggregateType,
      Optional<String> aggregateId,
      OptionalLong version)
      implements ReceivedEvent {}

  /// Of [OutboxEvent#MAX_VERSION], with room for some zeros in front.
  int MAX_DIGITS = 18;

  /// Reads a record.
  ///
  /// @param key the record's key
  /// @param header answers a header's last value by its name, null when there is none
  static ReceivedEvent read(byte @Nullable [] key, Function<String, byte @Nullable []> header) {
    var aggregateId = Optional.ofNullable(text(key)).filter(id -> !id.isEmpty());
    var type = Optional.ofNullable(text(header.apply(EventHeaders.TYPE)));
    var aggregateType =
        type.filter(t -> t.indexOf('.') > 0).map(t -> t.substring(0, t.indexOf('.')));
    var version = version(header.apply(EventHeaders.AGGREGATE_VERSION));
    if (aggregateId.isEmpty()) {
      return new Poison("the record has no key", aggregateType, aggregateId, version);
    }
    if (aggregateType.isEmpty()) {
      return new Poison(
          "header %s is missing or is not <aggregate type>.<verb>".formatted(EventHeaders.TYPE),
          aggregateType,
          aggregateId,
          version);
    }
    if (version.isEmpty()) {
      return new Poison(
          "header %s is missing or is not a number from 1 to %d"
              .formatted(EventHeaders.AGGREGATE_VERSION, OutboxEvent.MAX_VERSION),
          aggregateType,
          aggregateId,
          version);
    }
    return new Valid(
        aggregateType.get(),
        aggregateId.get(),
        type.get(),
        version.getAsLong(),
        header.apply(EventHeaders.RESYNC) == null
            ? time(text(header.apply(EventHeaders.TIME)))
            : Optional.empty(),
        Optional.ofNullable(text(header.apply(EventHeaders.TRACEPARENT))));
  }

  private static @Nullable String text(byte @Nullable [] bytes) {
    return bytes == null ? null : new String(bytes, UTF_8);
  }

  /// For every event that is read: a parser that makes a text of it first takes several times as
  /// long.
  private static OptionalLong version(byte @Nullable [] digits) {
    if (digits == null || digits.length == 0 || digits.length > MAX_DIGITS) {
      return OptionalLong.empty();
    }
    long version = 0;
    for (byte digit : digits) {
      if (digit < '0' || digit > '9') {
        return OptionalLong.empty();
      }
      version = version * 10 + (digit - '0');
    }
    return version >= 1 && version <= OutboxEvent.MAX_VERSION
        ? OptionalLong.of(version)
        : OptionalLong.empty();
  }

  private static Optional<Instant> time(@Nullable String text) {
    if (text == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(EventTime.parse(text));
    } catch (DateTimeException notATime) {
      return Optional.empty();
    }
  }
}
