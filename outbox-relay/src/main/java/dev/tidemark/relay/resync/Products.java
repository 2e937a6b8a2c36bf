package dev.tidemark.relay.resync;

import dev.tidemark.event.OutboxEvent;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The products as the primary has them. Confined to one thread.
interface Products extends AutoCloseable {

  long count(ProductRange range);

  /// Those of `ids` that no product has.
  List<String> unknown(List<String> ids);

  /// The next products in the byte order of their ids, deleted ones too, each as the event that
  /// tells its state; none when there are no more. One consistent read.
  ///
  /// @param after the last id of the page before
  /// @param most products; fewer come where they are large
  List<OutboxEvent> page(ProductRange range, Optional<String> after, int most);

  /// The versions that any reader sees, of products that are being changed too.
  Map<String, Long> versions(List<String> ids);

  /// The committed versions of those products that nobody is changing at this moment.
  ///
  /// Whatever is committed to the log after this call is newer than what it answers, for each id in
  /// the answer.
  Map<String, Long> settledVersions(List<String> ids);

  @Override
  void close();
}
