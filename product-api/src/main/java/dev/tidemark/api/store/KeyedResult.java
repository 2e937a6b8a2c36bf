package dev.tidemark.api.store;

/// Result of a request with an [IdempotencyKey].
public sealed interface KeyedResult {

  /// The request was the first one. A success is stored. Anything else has done nothing and may be
  /// tried again.
  record First(WriteResult result) implements KeyedResult {}

  /// The request was done before, with this answer. Nothing was written.
  @SuppressWarnings("ArrayRecordComponent") // handed on, never changed
  record Again(String id, long version, byte[] json) implements KeyedResult {}

  /// The key belongs to a request with another body. Nothing was written.
  record Reused() implements KeyedResult {}
}
