package dev.tidemark.event;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Information in a record about a change. It is trusted only where all statements about the same
/// thing agree: the key with the header `ce_subject`, and both of them and the version with the
/// value.
public sealed interface ReceivedEvent {

  /// A record that keeps the contract.
  ///
  /// @param type what happened, `<aggregateType>.<verb>`
  /// @param version the aggregate's version after the change, 1 to [OutboxEvent#MAX_VERSION]
  /// @param time when the change was committed, where the record says so; empty for a state told
  ///   again (header `tidemark-resync`), whose way here says nothing about how fast changes come
  /// @param isJsonObject whether the value was looked at and is a JSON object, which a product's
  ///   always is
  record Valid(
      String aggregateType,
      String aggregateId,
      String type,
      long version,
      Optional<Instant> time,
      Optional<String> traceparent,
      boolean isJsonObject)
      implements ReceivedEvent {}

  /// A record that breaks the contract, with everything it names all the same: enough to evict by,
  /// if there is an id.
  ///
  /// @param aggregateIds each that the record names, in key, headers or value
  /// @param version as the header says
  /// @param isContradictory whether the value is not that of such an event, so that not even the
  ///   version is to be believed
  record Poison(
      String reason,
      Optional<String> aggregateType,
      List<String> aggregateIds,
      OptionalLong version,
      boolean isContradictory)
      implements ReceivedEvent {}

  /// Largest number of digits of [OutboxEvent#MAX_VERSION], with room for some zeros in front.
  int MAX_DIGITS = 18;

  /// Reads a record for a caller that acts on it.
  ///
  /// @param key the record's key
  /// @param header answers a header's last value by its name, null when there is none
  /// @param value the record's value
  static ReceivedEvent read(
      byte @Nullable [] key, Function<String, byte @Nullable []> header, byte @Nullable [] value) {
    ReceivedEvent read = read(key, header);
    if (!(read instanceof Valid event)) {
      return read;
    }
    Payload payload = Payload.of(value);
    Optional<String> fault =
        payload.fault(event.aggregateType(), event.aggregateId(), event.type(), event.version());
    return fault
        .<ReceivedEvent>map(
            reason ->
                new Poison(
                    reason,
                    Optional.of(event.aggregateType()),
                    Stream.concat(Stream.of(event.aggregateId()), payload.id().stream())
                        .distinct()
                        .toList(),
                    OptionalLong.of(event.version()),
                    true))
        .orElseGet(
            () ->
                new Valid(
                    event.aggregateType(),
                    event.aggregateId(),
                    event.type(),
                    event.version(),
                    event.time(),
                    event.traceparent(),
                    payload.isObject()));
  }

  /// Reads only key and headers: what was published, whether or not it is valid.
  static ReceivedEvent read(byte @Nullable [] key, Function<String, byte @Nullable []> header) {
    var aggregateId = Optional.ofNullable(text(key)).filter(id -> !id.isEmpty());
    var type = Optional.ofNullable(text(header.apply(EventHeaders.TYPE)));
    var aggregateType =
        type.filter(t -> t.indexOf('.') > 0).map(t -> t.substring(0, t.indexOf('.')));
    var version = version(header.apply(EventHeaders.AGGREGATE_VERSION));
    byte[] subject = header.apply(EventHeaders.SUBJECT);
    boolean isOfAnother = subject != null && !Arrays.equals(subject, key);
    if (aggregateId.isPresent()
        && !isOfAnother
        && aggregateType.isPresent()
        && version.isPresent()) {
      return new Valid(
          aggregateType.get(),
          aggregateId.get(),
          type.get(),
          version.getAsLong(),
          header.apply(EventHeaders.RESYNC) == null
              ? time(text(header.apply(EventHeaders.TIME)))
              : Optional.empty(),
          Optional.ofNullable(text(header.apply(EventHeaders.TRACEPARENT))),
          false);
    }
    String reason =
        aggregateId.isEmpty()
            ? "the record has no key"
            : isOfAnother
                ? "header %s is '%s', not the record's key"
                    .formatted(EventHeaders.SUBJECT, text(subject))
                : aggregateType.isEmpty()
                    ? "header %s is missing or is not <aggregate type>.<verb>"
                        .formatted(EventHeaders.TYPE)
                    : "header %s is missing or is not a number from 1 to %d"
                        .formatted(EventHeaders.AGGREGATE_VERSION, OutboxEvent.MAX_VERSION);
    return new Poison(
        reason,
        aggregateType,
        Stream.concat(aggregateId.stream(), Stream.ofNullable(text(subject)))
            .filter(id -> !id.isEmpty())
            .distinct()
            .toList(),
        version,
        isOfAnother && aggregateId.isPresent());
  }

  private static @Nullable String text(byte @Nullable [] bytes) {
    return bytes == null ? null : new String(bytes, UTF_8);
  }

  /// Reads a version. It is called for every event: a parser that makes a text of it first takes
  /// several times as long.
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
