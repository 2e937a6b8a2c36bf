package dev.tidemark.operator.deadletters;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
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

  /// Returns the counts. To be called when all is read.
  ///
  /// @param beginnings the first offsets there are
  /// @param starts the first that were read
  public ObjectNode json(Map<TopicPartition, Long> beginnings, Map<TopicPartition, Long> starts) {
    letters.removeIf(letter -> discards.has(letter.partition(), letter.offset()));
    boolean atLeast =
        starts.entrySet().stream()
            .anyMatch(
                start -> {
                  long beginning = beginnings.getOrDefault(start.getKey(), 0L);
                  return start.getValue() > beginning
                      && !discards.hasAll(start.getKey(), beginning, start.getValue() - 1);
                });
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    for (String by : List.of(DeadLetterView.RELAY, DeadLetterView.INVALIDATOR)) {
      List<Instant> times =
          letters.stream().filter(letter -> letter.by().equals(by)).map(Letter::time).toList();
      ObjectNode counted = json.putObject(by);
      counted.put("count", times.size()).put("atLeast", atLeast);
      times.stream()
          .max(Comparator.naturalOrder())
          .ifPresent(last -> counted.put("last", last.toString()));
    }
    return json;
  }

  /// Returns the count for a human.
  ///
  /// @param counted count of one service that puts letters aside, as returned by [#json]
  public static String text(JsonNode counted, Instant now) {
    if (counted.isMissingNode()) {
      return "dead letters not counted";
    }
    long count = counted.path("count").asLong();
    boolean atLeast = counted.path("atLeast").asBoolean();
    String text =
        "%s%s dead %s"
            .formatted(
                atLeast ? "at least " : "",
                count == 0 ? "no" : "%,d".formatted(count),
                count == 1 ? "letter" : "letters");
    if (atLeast && count == 0) {
      text = "no dead letters among the newest %,d".formatted(MOST);
    }
    return counted.has("last")
        ? text + ", the last " + age(Instant.parse(counted.path("last").asText()), now)
        : text;
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
