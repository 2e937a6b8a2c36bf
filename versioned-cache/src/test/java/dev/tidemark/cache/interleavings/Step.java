package dev.tidemark.cache.interleavings;

import dev.tidemark.cache.redis.StoredEntry;
import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.Lookup;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// One atomic step that an actor may take next.
///
/// @param then what comes of it, given what Redis answered
record Step(String actor, Access access, Function<@Nullable Object, Consequence> then) {

  /// World after a step, and the value that the step served to a reader, if any.
  record Consequence(World world, Optional<Served> served) {}

  /// A value that was returned to a reader.
  ///
  /// @param demanded the version that the reader demanded at least
  /// @param known the newest eviction that was applied before the reader began
  record Served(CachedValue value, long demanded, long known) {}

  /// Returns a step whose answer does not matter.
  static Step to(String actor, Access access, World next) {
    Consequence consequence = new Consequence(next, Optional.empty());
    return new Step(actor, access, answer -> consequence);
  }

  /// Returns a step that continues according to the answer: what the key holds, or held against the
  /// caller.
  static Step asking(String actor, Access access, Function<Lookup, Consequence> then) {
    return new Step(actor, access, answer -> then.apply(StoredEntry.of((byte[]) answer).meaning()));
  }

  @Override
  public String toString() {
    return actor + ": " + access;
  }
}
