package dev.tidemark.cache.interleavings;

import dev.tidemark.cache.redis.StoredEntry;
import java.util.List;

/// Somebody who takes steps on the key: a small program and where it stands in it. Immutable, and
/// equal to another that would go on in the same way.
interface Actor {

  /// The steps it may take next, each an alternative; always the same for the same arguments.
  List<Step> next(World world, StoredEntry entry);

  /// Itself as it is after the key has held this entry.
  default Actor saw(StoredEntry entry) {
    return this;
  }
}
