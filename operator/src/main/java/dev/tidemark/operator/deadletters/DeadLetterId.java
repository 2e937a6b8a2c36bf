package dev.tidemark.operator.deadletters;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;

/// Position of a dead letter.
///
/// @param topic of the dead letters; empty: whichever there is
record DeadLetterId(String topic, int partition, long offset) {

  private static final Pattern FORM =
      Pattern.compile("(?:(?:([A-Za-z0-9._-]+):)?(\\d{1,9}):)?(\\d{1,18})");

  static DeadLetterId of(ConsumerRecord<?, ?> record) {
    return new DeadLetterId(record.topic(), record.partition(), record.offset());
  }

  boolean isOf(ConsumerRecord<?, ?> record) {
    return (topic.isEmpty() || topic.equals(record.topic()))
        && partition == record.partition()
        && offset == record.offset();
  }

  /// Returns whether this letter is at the position of the other, or before it.
  boolean isUpTo(DeadLetterId other) {
    return topic.equals(other.topic) && partition == other.partition && offset <= other.offset;
  }

  @Override
  public String toString() {
    return (topic.isEmpty() ? "" : topic + ":") + partition + ":" + offset;
  }

  /// Reads the parameters of a command that can also be used without any. For a wrong parameter,
  /// picocli would only report that there is one too many.
  ///
  /// @throws ParameterException that names the first that is wrong
  static List<DeadLetterId> all(CommandSpec spec, List<String> texts) {
    try {
      return texts.stream().map(new Converter()::convert).toList();
    } catch (TypeConversionException e) {
      throw new ParameterException(spec.commandLine(), "ID: " + e.getMessage(), e);
    }
  }

  /// Converter for picocli.
  static final class Converter implements ITypeConverter<DeadLetterId> {
    @Override
    public DeadLetterId convert(String text) {
      Matcher matcher = FORM.matcher(text);
      if (!matcher.matches()) {
        throw new TypeConversionException(
            "'%s' is not the id of a dead letter, as list shows it: [[topic:]partition:]offset"
                .formatted(text));
      }
      String topic = matcher.group(1);
      String partition = matcher.group(2);
      return new DeadLetterId(
          topic == null ? "" : topic,
          partition == null ? 0 : Integer.parseInt(partition),
          Long.parseLong(matcher.group(3)));
    }
  }
}
