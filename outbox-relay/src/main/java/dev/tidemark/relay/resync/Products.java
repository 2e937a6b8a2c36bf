package dev.tidemark.relay.resync;

import dev.tidemark.event.OutboxEvent;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Products in the primary. Confined to one thread.
interface Products extends AutoCloseable {

  long count(ProductRange range);

  /// Returns those of `ids` that no product has.
  List<String> unknown(List<String> ids);

  /// Returns the next products in the byte order of their ids, including deleted ones, each as the
  /// event that tells its state; none when there are no more. One consistent read.
  ///
  /// @param after the last id of the page before
  /// @param most products; fewer come where they are large
  List<OutboxEvent> page(ProductRange range, Optional<String> after, int most);

  /// Returns the versions that any reader sees, also of products that are being changed.
  Map<String, Long> versions(List<String> ids);

  /// Returns the committed versions of those products that nobody is changing at this moment.
  ///
  /// Whatever is committed to the log after this call is newer than what it answers, for each id in
  /// the answer.
  Map<String, Long> settledVersions(List<String> ids);

  @Override
  void close();
}
