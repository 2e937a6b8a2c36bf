package dev.tidemark.operator.deadletters;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tidemark.event.EventHeaders;
import dev.tidemark.event.OutboxEvent;
import dev.tidemark.event.ReceivedEvent;
import dev.tidemark.operator.run.KeyFilter;
import java.io.IOException;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/// A dead letter that has become an event.
///
/// @param topic where it belongs
record DeadLetterEvent(DeadLetterId id, String topic, OutboxEvent event) {

  private static final ObjectMapper json = new ObjectMapper();

  /// Corrections by an operator.
  record Corrections(Optional<String> key, Optional<String> type, OptionalLong version) {
    boolean isNone() {
      return key.isEmpty() && type.isEmpty() && version.isEmpty();
    }

    /// Returns the arguments of the command, with a space before each.
    String arguments() {
      return key.map(id -> " --key " + KeyFilter.quoted(id)).orElse("")
          + type.map(text -> " --type " + KeyFilter.quoted(text)).orElse("")
          + (version.isPresent() ? " --aggregate-version " + version.getAsLong() : "");
    }
  }

  /// Thrown when a letter cannot become an event, with a message that names the option that
  /// corrects it.
  static final class Unfit extends Exception {
    Unfit(String reason) {
      super(reason);
    }
  }

  /// Makes an event of a letter.
  ///
  /// @throws Unfit when something is still wrong
  static DeadLetterEvent of(ConsumerRecord<byte[], byte[]> letter, Corrections corrections)
      throws Unfit {
    DeadLetterView view = new DeadLetterView(letter);
    String type =
        corrections
            .type()
            .or(() -> view.header(EventHeaders.TYPE))
            .filter(text -> text.indexOf('.') > 0)
            .orElseThrow(() -> new Unfit("the type is not known; --type tells it"));
    String key =
        corrections
            .key()
            .or(view::key)
            .or(() -> view.header(EventHeaders.SUBJECT))
            .orElseThrow(() -> new Unfit("the aggregate is not known; --key tells its id"));
    try {
      OutboxEvent event =
          new OutboxEvent(
              id(view),
              type.substring(0, type.indexOf('.')),
              key,
              version(view, corrections),
              type,
              payload(letter),
              view.header(EventHeaders.TRACEPARENT),
              time(view, letter));
      checkBelievable(event);
      return new DeadLetterEvent(DeadLetterId.of(letter), topic(view, letter), event);
    } catch (IllegalArgumentException e) {
      throw new Unfit(String.valueOf(e.getMessage()));
    }
  }

  /// Checks that all parts of the event agree, since a reader trusts it only then.
  private static void checkBelievable(OutboxEvent event) throws Unfit {
    Map<String, byte[]> headers = new HashMap<>();
    event.headers(headers::put);
    if (ReceivedEvent.read(event.key(), headers::get, event.value())
        instanceof ReceivedEvent.Poison poison) {
      throw new Unfit(poison.reason() + "; resync sends the current state");
    }
  }

  private static long version(DeadLetterView view, Corrections corrections) throws Unfit {
    if (corrections.version().isPresent()) {
      return corrections.version().getAsLong();
    }
    String text =
        view.header(EventHeaders.AGGREGATE_VERSION)
            .orElseThrow(() -> new Unfit("the version is not known; --aggregate-version tells it"));
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new Unfit(
          "the version '%s' is not a number; --aggregate-version puts it right".formatted(text));
    }
  }

  /// Returns the value. Other consumers fill their caches with it, so they must be able to read it.
  private static String payload(ConsumerRecord<byte[], byte[]> letter) throws Unfit {
    if (letter.headers().lastHeader(EventHeaders.DEAD_LETTER_VALUE_LENGTH) != null) {
      throw new Unfit("its value was too large and is cut; resync sends the current state");
    }
    if (letter.value() == null) {
      throw new Unfit("it has no value, which is the state to tell; resync sends the current one");
    }
    try {
      if (json.readTree(letter.value()).isObject()) {
        return new String(letter.value(), UTF_8);
      }
    } catch (IOException isNoJson) {
      // Reported below.
    }
    throw new Unfit("its value is not a JSON object; resync sends the current state");
  }

  private static String topic(DeadLetterView view, ConsumerRecord<byte[], byte[]> letter)
      throws Unfit {
    return view.header(EventHeaders.DEAD_LETTER_TOPIC)
        .orElseThrow(
            () ->
                new Unfit(
                    "header %s is missing in %s"
                        .formatted(EventHeaders.DEAD_LETTER_TOPIC, letter.topic())));
  }

  private static UUID id(DeadLetterView view) {
    try {
      return view.header(EventHeaders.ID).map(UUID::fromString).orElseGet(UUID::randomUUID);
    } catch (IllegalArgumentException isNone) {
      return UUID.randomUUID();
    }
  }

  private static Instant time(DeadLetterView view, ConsumerRecord<?, ?> letter) {
    try {
      return view.header(EventHeaders.TIME)
          .map(Instant::parse)
          .orElseGet(() -> Instant.ofEpochMilli(letter.timestamp()));
    } catch (DateTimeParseException isNone) {
      return Instant.ofEpochMilli(letter.timestamp());
    }
  }
}
