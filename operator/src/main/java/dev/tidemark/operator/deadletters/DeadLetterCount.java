package dev.tidemark.operator.deadletters;

import com.fasterxml.jackson.databind.annotation.JsonSerialize;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/// Number of dead letters in the topics, by the service that put them aside. Reads the newest
/// records of each partition, and reports the count as *at least* where there are older ones.
/// Confined to one thread.
public final class DeadLetterCount {

  /// Limit for one partition. Where letters are as large as products, they take some megabytes from
  /// Kafka.
  public static final long MOST = 10_000;

  private final DeadLetterDiscards discards = new DeadLetterDiscards();
  private final List<Letter> letters = new ArrayList<>();

  private record Letter(TopicPartition partition, long offset, Instant time, String by) {}

  public void read(ConsumerRecord<byte[], byte[]> record) {
    if (!discards.isMark(record)) {
      letters.add(
          new Letter(
              new TopicPartition(record.topic(), record.partition()),
              record.offset(),
              Instant.ofEpochMilli(record.timestamp()),
              new DeadLetterView(record).by()));
    }
  }

  /// Letters of one service.
  ///
  /// @param atLeast whether there are more than were read
  /// @param last when the last was put aside
  public record Letters(
      long count,
      boolean atLeast,
      @JsonSerialize(contentUsing = ToStringSerializer.class) Optional<Instant> last) {

    /// Returns the number for a human.
    public String text(Instant now) {
      String text =
          "%s%s dead %s"
              .formatted(
                  atLeast ? "at least " : "",
                  count == 0 ? "no" : "%,d".formatted(count),
                  count == 1 ? "letter" : "letters");
      if (atLeast && count == 0) {
        text = "no dead letters among the newest %,d".formatted(MOST);
      }
      return text + last.map(time -> ", the last " + age(time, now)).orElse("");
    }
  }

  /// Letters by the service that put them aside.
  public record Result(Letters relay, Letters invalidator) {}

  /// Returns the counts. To be called when all is read.
  ///
  /// @param beginnings the first offsets there are
  /// @param starts the first that were read
  public Result result(Map<TopicPartition, Long> beginnings, Map<TopicPartition, Long> starts) {
    letters.removeIf(letter -> discards.has(letter.partition(), letter.offset()));
    boolean atLeast =
        starts.entrySet().stream()
            .anyMatch(
                start -> {
                  long beginning = beginnings.getOrDefault(start.getKey(), 0L);
                  return start.getValue() > beginning
                      && !discards.hasAll(start.getKey(), beginning, start.getValue() - 1);
                });
    return new Result(of(DeadLetterView.RELAY, atLeast), of(DeadLetterView.INVALIDATOR, atLeast));
  }

  private Letters of(String by, boolean atLeast) {
    List<Instant> times =
        letters.stream().filter(letter -> letter.by().equals(by)).map(Letter::time).toList();
    return new Letters(times.size(), atLeast, times.stream().max(Comparator.naturalOrder()));
  }

  private static String age(Instant time, Instant now) {
    Duration age = Duration.between(time, now);
    if (age.toDays() >= 2) {
      return age.toDays() + " days ago";
    }
    if (age.toHours() >= 2) {
      return age.toHours() + " hours ago";
    }
    return age.toMinutes() >= 2
        ? age.toMinutes() + " minutes ago"
        : Math.max(0, age.toSeconds()) + " s ago";
  }
}
