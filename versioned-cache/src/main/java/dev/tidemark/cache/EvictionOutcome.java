package dev.tidemark.cache;

/// What became of one eviction of a batch.
public sealed interface EvictionOutcome {

  /// Redis answered.
  record Applied(Eviction eviction) implements EvictionOutcome {}

  /// Redis did not answer, or refused. Whether it was applied is unknown: ask again, it is
  /// idempotent.
  record Failed(EntryStoreException cause) implements EvictionOutcome {}
}
