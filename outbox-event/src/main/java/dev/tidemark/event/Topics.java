package dev.tidemark.event;

import java.util.List;
import java.util.stream.Stream;

/// How topics are named after the aggregates whose events they carry.
public final class Topics {

  /// The most that a record may take, in bytes: the `max.message.bytes` with which topics of events
  /// and of dead letters are made, and the `max.request.size` of whoever writes to them.
  public static final int MAX_RECORD_BYTES = 4 << 20;

  private static final String DEFAULT_AGGREGATE_TYPE = "product";
  private static final String EVENTS = ".events";
  private static final String DEAD_LETTERS = ".dlt";

  private Topics() {}

  /// The topic of an aggregate type's events: `product` gives `product.events`.
  public static String ofAggregate(String aggregateType) {
    return aggregateType + EVENTS;
  }

  /// The other way round than [#ofAggregate]. A topic may have any name: what another one says is
  /// taken for products.
  public static String aggregateType(String topic) {
    return topic.endsWith(EVENTS)
        ? topic.substring(0, topic.length() - EVENTS.length())
        : DEFAULT_AGGREGATE_TYPE;
  }

  /// The kinds of aggregates that the topics' names speak of, and products.
  public static List<String> aggregateTypes(List<String> topics) {
    return Stream.concat(
            topics.stream().map(Topics::aggregateType), Stream.of(DEFAULT_AGGREGATE_TYPE))
        .distinct()
        .toList();
  }

  /// Whether [#ofAggregate] could have named this topic.
  public static boolean isOfAnAggregate(String topic) {
    return topic.endsWith(EVENTS)
        && OutboxEvent.isAggregateType(topic.substring(0, topic.length() - EVENTS.length()));
  }

  /// The topic of the dead letters of `topic`.
  public static String deadLettersOf(String topic) {
    return topic + DEAD_LETTERS;
  }
}
