package dev.tidemark.cache.interleavings;

import dev.tidemark.cache.redis.StoredEntry;
import java.util.ArrayList;
import java.util.List;

/// The invalidator: evicts by the visible versions, in order, at any time after they are visible;
/// if it knows several it may go straight to a newer one. Some evictions come again, later, and so
/// out of order.
///
/// @param first the version that was there before anything was evicted
/// @param copies how many come again
/// @param hears when it may hear of a version
record ReliableLaneActor(int first, int copies, Hears hears) implements Actor {

  /// Times at which it learns of a version. The first is right, the others show the faults without
  /// it.
  enum Hears {
    WHEN_VISIBLE,
    WHEN_COMMITTED,
    BEFORE_THE_COMMIT
  }

  @Override
  public List<Step> next(World world, StoredEntry entry) {
    List<Step> steps = new ArrayList<>();
    for (int version = world.position() + 1; version <= newest(world); version++) {
      steps.add(Step.to("lane", new Access.Evict(version), world.evicted(version)));
    }
    if (copies > 0) {
      World used = world.with(this, new ReliableLaneActor(first, copies - 1, hears));
      for (int version = first + 1; version <= world.applied(); version++) {
        steps.add(Step.to("lane, again", new Access.Evict(version), used));
      }
    }
    return steps;
  }

  private int newest(World world) {
    return switch (hears) {
      case WHEN_VISIBLE -> world.visible();
      case WHEN_COMMITTED -> world.committed();
      case BEFORE_THE_COMMIT -> Math.min(world.committed() + 1, world.versions().size() - 1);
    };
  }
}
