package dev.tidemark.cache;

/// Events of the invalidation topic that a near cache needs. The consumer of the topic calls this;
/// the library itself knows no Kafka. Thread-safe.
///
/// The consumer reads every partition from its end on, in order, without a group, and calls
/// [#alive] only when it has passed on all that was there.
public interface InvalidationListener {

  /// Reports an event: the aggregate behind the key has reached this version. Repeats do no harm.
  void changed(String key, long version);

  /// Reports that all events that were in the topic a moment ago have been passed on.
  void alive();

  /// Reports that events may have been missed: a position was lost, or partitions were added.
  void lost();
}
