package dev.tidemark.api.store;

/// What came of a request with an [IdempotencyKey].
public sealed interface KeyedResult {

  /// It was the first one; a success is remembered, anything else has done nothing and may be tried
  /// again.
  record First(WriteResult result) implements KeyedResult {}

  /// It was done before, with this answer; nothing was written.
  @SuppressWarnings("ArrayRecordComponent") // handed on, never changed
  record Again(String id, long version, byte[] json) implements KeyedResult {}

  /// The key is that of a request with another body; nothing was written.
  record Reused() implements KeyedResult {}
}
