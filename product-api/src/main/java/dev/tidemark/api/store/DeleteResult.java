package dev.tidemark.api.store;

/// Result of deleting a product.
public sealed interface DeleteResult {

  /// The product is deleted now, by this version.
  record Deleted(long version) implements DeleteResult {}

  /// There was no product.
  record Absent() implements DeleteResult {}

  /// The product has another version than the condition wanted. Nothing was written.
  record Refused(long version) implements DeleteResult {}
}
