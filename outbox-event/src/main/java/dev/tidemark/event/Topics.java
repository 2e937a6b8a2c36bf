package dev.tidemark.event;

/// How topics are named after the aggregates whose events they carry.
public final class Topics {
  private static final String EVENTS = ".events";
  private static final String DEAD_LETTERS = ".dlt";

  private Topics() {}

  /// The topic of an aggregate type's events: `product` gives `product.events`.
  public static String ofAggregate(String aggregateType) {
    return aggregateType + EVENTS;
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
