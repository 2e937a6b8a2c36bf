package dev.tidemark.invalidator.offsets;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Offsets up to which everything was applied, and the part of them that Kafka knows. Confined to
/// the consumer's thread.
///
/// A commit that fails loses nothing: the offsets are committed with the next one, or their records
/// are read and applied again.
public final class Offsets {

  private static final Logger log = LoggerFactory.getLogger(Offsets.class);

  /// Shortest time between commits. With a backlog, each batch would otherwise cost the broker a
  /// commit.
  private static final Duration COMMIT_EVERY = Duration.ofMillis(50);

  /// Time between commits that change only the metadata. They are needed for an idle partition,
  /// too: the metadata must state what a Redis that is replaced can lose now, and not what it could
  /// lose long ago.
  private static final Duration COMMIT_FLOORS_EVERY = Duration.ofSeconds(5);

  private static final Duration LAST_COMMIT = Duration.ofSeconds(5);

  private final Consumer<?, ?> consumer;
  private final RedisWatch redis;
  private final Duration window;
  private final Map<TopicPartition, Long> applied = new HashMap<>();
  private final Map<TopicPartition, OffsetAndMetadata> committed = new HashMap<>();
  private final Map<TopicPartition, AppliedHistory> trails = new HashMap<>();
  private Primaries primaries;
  private boolean underWay;
  private long lastCommit = System.nanoTime() - COMMIT_EVERY.toNanos();
  private long lastFloors = System.nanoTime();

  /// Redis has been seen.
  ///
  /// @param window so much of what was applied is applied again when Redis may have lost it
  public Offsets(Consumer<?, ?> consumer, RedisWatch redis, Duration window) {
    this.consumer = consumer;
    this.redis = redis;
    this.window = window;
    this.primaries = redis.primaries();
  }

  /// Begins with partitions that another consumer had before, at the offsets where that one
  /// stopped.
  ///
  /// @return those to begin further back with, because entries are in other Redis processes than
  ///   they were then
  public Map<TopicPartition, Long> begin(Collection<TopicPartition> partitions) {
    Map<TopicPartition, Long> targets = new HashMap<>();
    consumer
        .committed(Set.copyOf(partitions))
        .forEach(
            (partition, offset) -> {
              Optional<CommitMetadata> left =
                  offset == null ? Optional.empty() : CommitMetadata.parse(offset.metadata());
              trails.put(
                  partition,
                  new AppliedHistory(
                      left.map(CommitMetadata::floor)
                          .orElse(offset == null ? 0 : offset.offset())));
              if (offset != null) {
                applied.put(partition, offset.offset());
                committed.put(partition, offset);
              }
              if (left.isPresent() && primaries.hasNewSince(left.get().primaries())) {
                targets.put(partition, left.get().floor());
              }
            });
    return targets;
  }

  /// Returns the offsets at which to begin again when Redis may have lost what was applied since a
  /// window before the change.
  ///
  /// @param change is taken as known from now on
  public Map<TopicPartition, Long> before(RedisWatch.Change change) {
    primaries = change.primaries();
    long since = change.sureUntil() - windowNanos();
    Map<TopicPartition, Long> targets = new HashMap<>();
    trails.forEach((partition, trail) -> targets.put(partition, trail.at(since)));
    return targets;
  }

  /// Notes that everything from these offsets on is to be applied again and does not count as
  /// applied.
  public void rewound(Map<TopicPartition, Long> targets) {
    targets.forEach(
        (partition, offset) -> {
          applied.put(partition, offset);
          AppliedHistory trail = trails.get(partition);
          if (trail != null) {
            trail.rewound(offset);
          }
        });
  }

  /// Returns the offset of the next record, by partition.
  public Map<TopicPartition, Long> applied() {
    return Map.copyOf(applied);
  }

  public void applied(Map<TopicPartition, Long> offsets) {
    applied.putAll(offsets);
    long now = System.nanoTime();
    long needed = redis.sureUntil() - windowNanos();
    offsets.forEach(
        (partition, offset) -> {
          AppliedHistory trail = trails.get(partition);
          if (trail != null) {
            trail.applied(offset, now, needed);
          }
        });
  }

  /// Returns the length of the window, which is at least the longest replication lag that was seen.
  private long windowNanos() {
    return Math.max(window.toNanos(), 2 * redis.longestLag().toNanos());
  }

  /// Counts what the consumer passed over as applied, while nothing is pending: the markers of
  /// transactions take offsets of their own.
  public void passOver() {
    applied.replaceAll((partition, offset) -> Math.max(offset, position(partition, offset)));
  }

  private long position(TopicPartition partition, long otherwise) {
    try {
      return consumer.position(partition, Duration.ZERO);
    } catch (TimeoutException notKnownNow) {
      return otherwise;
    }
  }

  /// Begins to commit what is not committed, unless a commit is in progress or has just been made.
  public void commit() {
    if (System.nanoTime() - lastCommit < COMMIT_EVERY.toNanos()) {
      return;
    }
    if (underWay) {
      return;
    }
    long now = System.nanoTime();
    applied(Map.copyOf(applied));
    boolean floors = now - lastFloors >= COMMIT_FLOORS_EVERY.toNanos();
    if (floors) {
      lastFloors = now;
    }
    Map<TopicPartition, OffsetAndMetadata> news = news(applied.keySet(), floors);
    if (news.isEmpty()) {
      return;
    }
    underWay = true;
    lastCommit = now;
    consumer.commitAsync(
        news,
        (offsets, failure) -> {
          underWay = false;
          if (failure == null) {
            noteCommitted(offsets);
          } else if (failure instanceof RetriableException) {
            log.atDebug().setCause(failure).log("offsets not committed yet");
          } else {
            log.atWarn()
                .addKeyValue("reason", failure.toString())
                .log("offset commit failed; the next commit includes these offsets");
          }
        });
  }

  /// Commits what is applied of partitions that are about to go to another consumer, and forgets
  /// them.
  public void handOver(Collection<TopicPartition> partitions) {
    Map<TopicPartition, OffsetAndMetadata> news = news(partitions, true);
    if (!news.isEmpty()) {
      try {
        consumer.commitSync(news, LAST_COMMIT);
      } catch (KafkaException e) {
        log.atWarn()
            .addKeyValue("reason", e.toString())
            .log("offset commit failed; the records are applied again");
      }
    }
    forget(partitions);
  }

  /// Commits all that is applied, and waits for the answer.
  public void handOverAll() {
    handOver(Set.copyOf(applied.keySet()));
  }

  public void forget(Collection<TopicPartition> partitions) {
    partitions.forEach(applied::remove);
    partitions.forEach(committed::remove);
    partitions.forEach(trails::remove);
  }

  /// @param floors whether a change of only the metadata counts as well
  private Map<TopicPartition, OffsetAndMetadata> news(
      Collection<TopicPartition> partitions, boolean floors) {
    Map<TopicPartition, OffsetAndMetadata> news = new HashMap<>();
    for (TopicPartition partition : partitions) {
      Long offset = applied.get(partition);
      if (offset == null) {
        continue;
      }
      AppliedHistory trail = trails.get(partition);
      long floor = trail == null ? offset : trail.at(redis.sureUntil() - windowNanos());
      OffsetAndMetadata now =
          new OffsetAndMetadata(offset, new CommitMetadata(primaries, floor).toString());
      OffsetAndMetadata before = committed.get(partition);
      if (before == null || before.offset() != offset || (floors && !sameWords(before, now))) {
        news.put(partition, now);
      }
    }
    return news;
  }

  private static boolean sameWords(OffsetAndMetadata before, OffsetAndMetadata now) {
    return before.metadata().equals(now.metadata());
  }

  private void noteCommitted(Map<TopicPartition, OffsetAndMetadata> offsets) {
    offsets.forEach(
        (partition, offset) -> {
          if (applied.containsKey(partition)) {
            committed.put(partition, offset);
          }
        });
  }
}
