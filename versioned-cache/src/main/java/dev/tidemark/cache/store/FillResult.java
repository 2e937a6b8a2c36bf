package dev.tidemark.cache.store;

/// Result of a fill. In each case the value that was read may be served to the reader that read it.
public sealed interface FillResult {

  /// The value is in the cache.
  record Stored() implements FillResult {}

  /// Refused: version `floor` became known while the source was read. The lease is given up, so
  /// that the next reader fills.
  record Superseded(long floor) implements FillResult {}

  /// Refused: the lease expired, was lost with its entry, or is another reader's by now.
  record LeaseLost() implements FillResult {}
}
