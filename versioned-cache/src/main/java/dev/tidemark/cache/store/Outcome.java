package dev.tidemark.cache.store;

/// Outcome of one operation of a batch. Each key has an answer of its own, so that a dead node of a
/// cluster fails its own keys only.
public sealed interface Outcome<T> {

  /// The store answered.
  record Applied<T>(T answer) implements Outcome<T> {}

  /// The store did not answer, or refused. It is unknown whether the operation was applied. Ask
  /// again: each operation is idempotent.
  record Failed<T>(EntryStoreException cause) implements Outcome<T> {}

  /// Returns the answer, or throws the failure.
  default T orThrow() {
    return switch (this) {
      case Applied<T>(T answer) -> answer;
      case Failed<T>(EntryStoreException cause) -> throw cause;
    };
  }
}
