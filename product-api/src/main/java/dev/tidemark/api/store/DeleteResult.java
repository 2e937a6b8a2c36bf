package dev.tidemark.api.store;

/// What came of deleting a product.
public sealed interface DeleteResult {

  /// It is gone now, by this version.
  record Deleted(long version) implements DeleteResult {}

  /// There was none.
  record Absent() implements DeleteResult {}

  /// It has another version than the condition wanted; nothing was written.
  record Refused(long version) implements DeleteResult {}
}
