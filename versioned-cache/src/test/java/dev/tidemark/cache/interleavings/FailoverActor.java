package dev.tidemark.cache.interleavings;

import dev.tidemark.cache.redis.StoredEntry;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// One failover, or restart from a snapshot, to any earlier state of the entry. Some time later the
/// reliable lane notices and rewinds.
///
/// @param rewindTo where the lane starts again
/// @param rewinds whether it does
/// @param earlier what the key has held, sorted; empty once it has failed over
record FailoverActor(int rewindTo, boolean rewinds, boolean failed, List<StoredEntry> earlier)
    implements Actor {

  static FailoverActor withRewind(int rewindTo) {
    return new FailoverActor(rewindTo, true, false, List.of(StoredEntry.NOTHING));
  }

  static FailoverActor withoutRewind() {
    return new FailoverActor(0, false, false, List.of(StoredEntry.NOTHING));
  }

  @Override
  public List<Step> next(World world, StoredEntry entry) {
    if (failed && !rewinds) {
      return List.of();
    }
    if (world.exposure() == World.Exposure.UNNOTICED) {
      return List.of(Step.to("lane", new Access.Elsewhere("rewinds"), world.rewound(rewindTo)));
    }
    World after = world.with(this, new FailoverActor(rewindTo, rewinds, true, List.of()));
    return earlier.stream()
        .filter(old -> !old.equals(entry))
        .map(
            old ->
                Step.to("redis", new Access.Replaced("fails over to " + old, old), after.exposed()))
        .toList();
  }

  @Override
  public FailoverActor saw(StoredEntry entry) {
    if (failed || earlier.contains(entry)) {
      return this;
    }
    List<StoredEntry> more = new ArrayList<>(earlier);
    more.add(entry);
    Collections.sort(more);
    return new FailoverActor(rewindTo, rewinds, false, List.copyOf(more));
  }
}
