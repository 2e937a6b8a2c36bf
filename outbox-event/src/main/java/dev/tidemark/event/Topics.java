package dev.tidemark.event;

import java.util.List;
import java.util.stream.Stream;

/// Names of topics, which follow from the aggregates whose events they carry.
public final class Topics {

  /// Largest size of a record, in bytes: the `max.message.bytes` with which topics of events and of
  /// dead letters are created, and the `max.request.size` of their producers.
  public static final int MAX_RECORD_BYTES = 4 << 20;

  private static final String DEFAULT_AGGREGATE_TYPE = "product";
  private static final String EVENTS = ".events";
  private static final String DEAD_LETTERS = ".dlt";

  private Topics() {}

  /// Returns the topic of an aggregate type's events: `product` gives `product.events`.
  public static String ofAggregate(String aggregateType) {
    return aggregateType + EVENTS;
  }

  /// Returns the aggregate type of a topic, the inverse of [#ofAggregate]. A topic of any other
  /// name carries products.
  public static String aggregateType(String topic) {
    return topic.endsWith(EVENTS)
        ? topic.substring(0, topic.length() - EVENTS.length())
        : DEFAULT_AGGREGATE_TYPE;
  }

  /// Returns the aggregate types of topics, and products.
  public static List<String> aggregateTypes(List<String> topics) {
    return Stream.concat(
            topics.stream().map(Topics::aggregateType), Stream.of(DEFAULT_AGGREGATE_TYPE))
        .distinct()
        .toList();
  }

  /// Returns whether [#ofAggregate] could have named this topic.
  public static boolean isOfAnAggregate(String topic) {
    return topic.endsWith(EVENTS)
        && OutboxEvent.isAggregateType(topic.substring(0, topic.length() - EVENTS.length()));
  }

  /// Returns the topic of the dead letters of `topic`.
  public static String deadLettersOf(String topic) {
    return topic + DEAD_LETTERS;
  }
}
