package dev.tidemark.relay.sink;

import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.LongSupplier;

/// Records that Kafka never accepts: topics that cannot be created or written to, and rows whose
/// record is too large for its topic. Such records become dead letters, and the stream goes on
/// (H46).
///
/// Outlives sessions. Confined to the relay's thread.
public final class RefusedRecords {
  /// Time after which a topic is tried again.
  private static final Duration TOPIC_REST = Duration.ofMinutes(1);

  private static final int MOST_ROWS = 1_000;

  private record Refusal(String reason, long at) {}

  /// @param isLetterCut whether the letter was refused as well
  private record Row(String reason, boolean isLetterCut) {}

  private final LongSupplier nanoTime;
  private final Map<String, Refusal> topics = new HashMap<>();
  private final LinkedHashMap<UUID, Row> rows =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<UUID, Row> eldest) {
          return size() > MOST_ROWS;
        }
      };

  /// @param nanoTime as [System#nanoTime]
  public RefusedRecords(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /// Returns the reason why this topic accepts nothing at present.
  Optional<String> ofTopic(String topic) {
    var refusal = topics.get(topic);
    if (refusal != null && nanoTime.getAsLong() - refusal.at() > TOPIC_REST.toNanos()) {
      topics.remove(topic);
      return Optional.empty();
    }
    return Optional.ofNullable(refusal).map(Refusal::reason);
  }

  /// Notes that a topic cannot be created.
  ///
  /// @return whether that is news
  boolean addTopic(String topic, String reason) {
    return topics.put(topic, new Refusal(reason, nanoTime.getAsLong())) == null;
  }

  /// Returns the reason why the row's event is not accepted.
  Optional<String> ofRow(UUID row) {
    return Optional.ofNullable(rows.get(row)).map(Row::reason);
  }

  boolean isLetterCut(UUID row) {
    var refused = rows.get(row);
    return refused != null && refused.isLetterCut();
  }

  /// Notes that Kafka refuses the row's event.
  ///
  /// @return whether that is news
  boolean addRow(UUID row, String reason) {
    return rows.putIfAbsent(row, new Row(reason, false)) == null;
  }

  /// Notes that Kafka also refuses the row's dead letter at its full length.
  ///
  /// @return whether that is news
  boolean addLetter(UUID row, String reason) {
    var before = rows.put(row, new Row(reason, true));
    return before == null || !before.isLetterCut();
  }
}
