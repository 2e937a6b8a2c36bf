package dev.tidemark.invalidator.offsets;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A range of the topics that is applied again, because Redis may have lost it. It lasts from its
/// beginning until everything is applied that was applied before. Confined to one thread, except
/// for [#isUnderWay].
public final class Rewind {

  private static final Logger log = LoggerFactory.getLogger(Rewind.class);

  private final Map<TopicPartition, Long> until = new HashMap<>();
  private long begin;
  private volatile boolean underWay;

  public boolean isUnderWay() {
    return underWay;
  }

  /// Returns whether the record was applied before.
  public boolean repeats(ConsumerRecord<?, ?> record) {
    return isUnderWay()
        && record.offset()
            < until.getOrDefault(new TopicPartition(record.topic(), record.partition()), 0L);
  }

  /// Begins a rewind, or widens the current one.
  ///
  /// @param targets where it begins
  /// @param applied how far all was applied before
  public void begin(Map<TopicPartition, Long> targets, Map<TopicPartition, Long> applied) {
    if (!isUnderWay()) {
      begin = System.nanoTime();
    }
    long records = 0;
    for (Map.Entry<TopicPartition, Long> target : targets.entrySet()) {
      long end = applied.getOrDefault(target.getKey(), target.getValue());
      until.merge(target.getKey(), end, Math::max);
      records += Math.max(0, end - target.getValue());
    }
    underWay = true;
    log.atWarn()
        .addKeyValue("partitions", targets.size())
        .addKeyValue("records", records)
        .log("Redis restarted or failed over; applying the last evictions again");
    done(targets);
  }

  public void forget(Collection<TopicPartition> partitions) {
    partitions.forEach(until::remove);
    underWay = !until.isEmpty();
  }

  /// Notes the progress of the rewind.
  ///
  /// @param applied by partition, how far all is applied again
  public void done(Map<TopicPartition, Long> applied) {
    if (isUnderWay()) {
      until.entrySet().removeIf(end -> applied.getOrDefault(end.getKey(), 0L) >= end.getValue());
      underWay = !until.isEmpty();
      if (!underWay) {
        log.atInfo()
            .addKeyValue("ms", Duration.ofNanos(System.nanoTime() - begin).toMillis())
            .log("applying the last evictions again");
      }
    }
  }
}
