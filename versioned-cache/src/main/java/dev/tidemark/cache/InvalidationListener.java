package dev.tidemark.cache;

/// What a near cache must be told of the invalidation topic. Whoever consumes the topic calls this;
/// the library itself knows no Kafka. Thread-safe.
///
/// The consumer reads every partition from its end on, in order, without a group, and calls
/// [#alive] only when it has passed on all that was there.
public interface InvalidationListener {

  /// An event: the aggregate behind the key has reached this version. Repeats do no harm.
  void changed(String key, long version);

  /// All events that were in the topic a moment ago have been told.
  void alive();

  /// Events may have been missed: a position was lost, or partitions were added.
  void lost();
}
