package dev.tidemark.cache;

import java.util.ArrayList;
import java.util.List;

/// The invalidator: evicts by the committed versions in order, at any time after the commit; where
/// it knows of several it may go straight to a newer one. Some evictions come again, later, and so
/// out of order.
///
/// @param first the version that was there before anything was evicted
/// @param copies how many come again
record ReliableLaneActor(int first, int copies) implements Actor {

  @Override
  public List<Step> next(World world, StoredEntry entry) {
    List<Step> steps = new ArrayList<>();
    for (int version = world.position() + 1; version <= world.committed(); version++) {
      steps.add(Step.to("lane", new Access.Evict(version), world.evicted(version)));
    }
    if (copies > 0) {
      World used = world.with(this, new ReliableLaneActor(first, copies - 1));
      for (int version = first + 1; version <= world.applied(); version++) {
        steps.add(Step.to("lane, again", new Access.Evict(version), used));
      }
    }
    return steps;
  }
}
