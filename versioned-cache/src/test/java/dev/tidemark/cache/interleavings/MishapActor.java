package dev.tidemark.cache.interleavings;

import dev.tidemark.cache.redis.StoredEntry;
import dev.tidemark.cache.store.Lookup;
import java.util.List;

/// Losses of entries without any actor: any lease may be lost at any time.
///
/// @param losses how many values go, by memory pressure, a flush or their own expiry
record MishapActor(int losses) implements Actor {

  @Override
  public List<Step> next(World world, StoredEntry entry) {
    return switch (entry.meaning()) {
      case Lookup.Filling _ -> List.of(gone("the lease expires", world));
      case Lookup.Hit _ when losses > 0 ->
          List.of(gone("the value is lost", world.with(this, new MishapActor(losses - 1))));
      case Lookup.Hit _, Lookup.Miss _ -> List.of();
    };
  }

  private static Step gone(String cause, World after) {
    return Step.to("redis", new Access.Replaced(cause, StoredEntry.NOTHING), after);
  }
}
