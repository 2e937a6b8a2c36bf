package dev.tidemark.invalidator;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The offsets up to which everything was applied, and how much of that Kafka knows. Confined to
/// the consumer's thread.
///
/// A commit that fails loses nothing: the offsets are committed with the next one, or their records
/// are read and applied again.
final class Offsets {

  private static final Logger log = LoggerFactory.getLogger(Offsets.class);

  private static final Duration LAST_COMMIT = Duration.ofSeconds(5);

  private final Consumer<?, ?> consumer;
  private final Map<TopicPartition, Long> applied = new HashMap<>();
  private final Map<TopicPartition, Long> committed = new HashMap<>();
  private boolean underWay;

  Offsets(Consumer<?, ?> consumer) {
    this.consumer = consumer;
  }

  void applied(Map<TopicPartition, Long> offsets) {
    applied.putAll(offsets);
  }

  /// While nothing is pending, what the consumer passed over is applied too: the markers of
  /// transactions take offsets of their own.
  void passOver() {
    applied.replaceAll((partition, offset) -> Math.max(offset, position(partition, offset)));
  }

  private long position(TopicPartition partition, long otherwise) {
    try {
      return consumer.position(partition, Duration.ZERO);
    } catch (TimeoutException notKnownNow) {
      return otherwise;
    }
  }

  /// Begins to commit what is not committed, unless a commit is under way.
  void commit() {
    Map<TopicPartition, OffsetAndMetadata> news = news(applied.keySet());
    if (underWay || news.isEmpty()) {
      return;
    }
    underWay = true;
    consumer.commitAsync(
        news,
        (offsets, failure) -> {
          underWay = false;
          if (failure == null) {
            noteCommitted(offsets);
          } else if (failure instanceof RetriableException) {
            log.atDebug().setCause(failure).log("offsets not committed yet");
          } else {
            log.atWarn().setCause(failure).log("offsets not committed");
          }
        });
  }

  /// Commits what is applied of partitions that are about to be another consumer's, and forgets
  /// them.
  void handOver(Collection<TopicPartition> partitions) {
    Map<TopicPartition, OffsetAndMetadata> news = news(partitions);
    if (!news.isEmpty()) {
      try {
        consumer.commitSync(news, LAST_COMMIT);
      } catch (KafkaException e) {
        log.atWarn().setCause(e).log("offsets not committed; their records are applied again");
      }
    }
    forget(partitions);
  }

  /// Commits all that is applied, for good.
  void handOverAll() {
    handOver(Set.copyOf(applied.keySet()));
  }

  void forget(Collection<TopicPartition> partitions) {
    partitions.forEach(applied::remove);
    partitions.forEach(committed::remove);
  }

  private Map<TopicPartition, OffsetAndMetadata> news(Collection<TopicPartition> partitions) {
    Map<TopicPartition, OffsetAndMetadata> news = new HashMap<>();
    for (TopicPartition partition : partitions) {
      Long offset = applied.get(partition);
      if (offset != null && !offset.equals(committed.get(partition))) {
        news.put(partition, new OffsetAndMetadata(offset));
      }
    }
    return news;
  }

  private void noteCommitted(Map<TopicPartition, OffsetAndMetadata> offsets) {
    offsets.forEach(
        (partition, offset) -> {
          if (applied.containsKey(partition)) {
            committed.put(partition, offset.offset());
          }
        });
  }
}
