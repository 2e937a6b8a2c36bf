package dev.tidemark.api.store;

/// Result of creating or replacing a product. The JSON is that of the product at the version.
@SuppressWarnings("ArrayRecordComponent") // handed on, never changed
public sealed interface WriteResult {

  record Created(long version, byte[] json) implements WriteResult {}

  record Updated(long version, byte[] json) implements WriteResult {}

  /// The product was already so. Nothing was written.
  record Unchanged(long version, byte[] json) implements WriteResult {}

  /// The condition was not met. Nothing was written.
  ///
  /// @param version the product's version, of its deletion where it is deleted, 0 where it never
  ///   was
  record Refused(long version) implements WriteResult {}
}
