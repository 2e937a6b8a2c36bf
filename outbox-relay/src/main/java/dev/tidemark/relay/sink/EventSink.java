package dev.tidemark.relay.sink;

import dev.tidemark.relay.sink.PublishedRows.Progress;
import dev.tidemark.relay.source.Change;
import java.util.List;

/// Where changes go. Confined to one thread.
public interface EventSink extends AutoCloseable {

  /// Makes this sink the only one of its name: whoever published before under it can publish no
  /// more. Answers what those before have left to know.
  TakenOver takeOver();

  /// Returns once all of it is published, in order; throws when that is not certain. Then this sink
  /// is of no more use: close it, open another, and learn from [#takeOver] what has become of the
  /// batch.
  ///
  /// @param changes none, where only the progress is to be kept
  /// @param progress how far these changes carry the transactions they belong to
  /// @return how many of them became dead letters
  int publish(List<Change> changes, Progress progress);

  @Override
  void close();
}
