package dev.tidemark.operator.deadletters;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemark.event.EventHeaders;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;

/// Dead letters that were discarded, as recorded in their topics: a mark among the letters names
/// their offsets, and always comes after them. The letters stay where they are, so that the relay
/// and the invalidator still find them. Confined to one thread.
final class DeadLetterDiscards {

  private static final Pattern RANGE = Pattern.compile("(\\d{1,18})-(\\d{1,18})");

  /// First offset and last offset of each range, by partition. No range touches the next.
  private final Map<TopicPartition, NavigableMap<Long, Long>> ranges = new HashMap<>();

  /// Returns the record that discards these letters, both ends included.
  ///
  /// It has a key and a value, so that a compacted topic takes and keeps it.
  static ProducerRecord<byte[], byte[]> mark(TopicPartition partition, long first, long last) {
    String range = first + "-" + last;
    ProducerRecord<byte[], byte[]> mark =
        new ProducerRecord<>(
            partition.topic(),
            partition.partition(),
            ("discarded " + partition.partition() + ":" + range).getBytes(UTF_8),
            range.getBytes(UTF_8));
    mark.headers().add(EventHeaders.DEAD_LETTERS_DISCARDED, range.getBytes(UTF_8));
    return mark;
  }

  /// Notes a mark.
  ///
  /// @return whether the record is one, and no letter
  boolean isMark(ConsumerRecord<?, ?> record) {
    Header header = record.headers().lastHeader(EventHeaders.DEAD_LETTERS_DISCARDED);
    if (header == null || header.value() == null) {
      return false;
    }
    Matcher range = RANGE.matcher(new String(header.value(), UTF_8));
    if (!range.matches()) {
      return false;
    }
    add(
        new TopicPartition(record.topic(), record.partition()),
        Long.parseLong(range.group(1)),
        // A mark applies only to what is before it.
        Math.min(record.offset(), Long.parseLong(range.group(2))));
    return true;
  }

  private void add(TopicPartition partition, long first, long last) {
    NavigableMap<Long, Long> known = ranges.computeIfAbsent(partition, _ -> new TreeMap<>());
    long begin = first;
    long end = last;
    Map.Entry<Long, Long> before = known.floorEntry(end + 1);
    while (before != null && before.getValue() >= begin - 1) {
      begin = Math.min(begin, before.getKey());
      end = Math.max(end, before.getValue());
      known.remove(before.getKey());
      before = known.floorEntry(end + 1);
    }
    known.put(begin, end);
  }

  boolean has(ConsumerRecord<?, ?> letter) {
    return has(new TopicPartition(letter.topic(), letter.partition()), letter.offset());
  }

  boolean has(TopicPartition partition, long offset) {
    return hasAll(partition, offset, offset);
  }

  /// Returns whether all of these letters are discarded, both ends included.
  boolean hasAll(TopicPartition partition, long first, long last) {
    NavigableMap<Long, Long> known = ranges.get(partition);
    Map.Entry<Long, Long> range = known == null ? null : known.floorEntry(first);
    return range != null && range.getValue() >= last;
  }
}
