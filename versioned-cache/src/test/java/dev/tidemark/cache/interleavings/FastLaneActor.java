package dev.tidemark.cache.interleavings;

import dev.tidemark.cache.redis.StoredEntry;
import java.util.ArrayList;
import java.util.List;

/// The writers' own refreshes: one for each commit, at any time after it is visible (its
/// acknowledgement comes later still), in any order.
///
/// @param pending the versions still to come
record FastLaneActor(List<Integer> pending) implements Actor {

  @Override
  public List<Step> next(World world, StoredEntry entry) {
    List<Step> steps = new ArrayList<>();
    for (Integer version : pending) {
      if (version <= world.visible()) {
        List<Integer> others = pending.stream().filter(v -> !v.equals(version)).toList();
        steps.add(
            Step.to(
                "fast lane",
                new Access.Refresh(world.versions().get(version)),
                world.with(this, new FastLaneActor(others))));
      }
    }
    return steps;
  }
}
