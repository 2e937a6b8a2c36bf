package dev.tidemark.relay.sink;

import dev.tidemark.relay.sink.PublishedRows.Progress;
import dev.tidemark.relay.source.Change;
import java.util.List;

/// Destination of changes. Confined to one thread.
public interface EventSink extends AutoCloseable {

  /// Makes this sink the only one of its name: an earlier publisher under the name can publish no
  /// more. Returns what the earlier ones have recorded.
  TakenOver takeOver();

  /// Returns once all of it is published, in order, and throws when that is not certain. After an
  /// exception this sink must not be used again: close it, open another, and learn from [#takeOver]
  /// what has become of the batch.
  ///
  /// @param changes none, where only the progress is to be kept
  /// @param progress how far these changes carry the transactions they belong to
  /// @return how many of them became dead letters
  int publish(List<Change> changes, Progress progress);

  @Override
  void close();
}
