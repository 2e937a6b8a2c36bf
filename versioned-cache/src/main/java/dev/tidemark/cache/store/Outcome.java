package dev.tidemark.cache.store;

/// What became of one operation of a batch: each key is answered by itself, so that a dead node of
/// a cluster fails its own keys only.
public sealed interface Outcome<T> {

  /// The store answered.
  record Applied<T>(T answer) implements Outcome<T> {}

  /// The store did not answer, or refused. Whether it was applied is unknown: ask again, each
  /// operation is idempotent.
  record Failed<T>(EntryStoreException cause) implements Outcome<T> {}
}
