package dev.tidemark.cache.interleavings;

import dev.tidemark.cache.redis.StoredEntry;
import java.util.List;

/// A participant that takes steps on the key: a small program with its position. Immutable, and
/// equal to another that would continue in the same way.
interface Actor {

  /// Returns the steps it may take next, each an alternative; always the same for the same
  /// arguments.
  List<Step> next(World world, StoredEntry entry);

  /// Returns the actor as it is after the key has held this entry.
  default Actor saw(StoredEntry entry) {
    return this;
  }
}
