package dev.tidemark.cache.interleavings;

import dev.tidemark.cache.redis.StoredEntry;
import java.util.List;

/// A writer that commits the versions of the world, one after the other. A commit is in the log
/// first, and visible to readers some time later.
record WriterActor() implements Actor {

  @Override
  public List<Step> next(World world, StoredEntry entry) {
    if (world.visible() < world.committed()) {
      String what = world.committed() + " is visible";
      return List.of(Step.to("writer", new Access.Elsewhere(what), world.show()));
    }
    int version = world.committed() + 1;
    return version == world.versions().size()
        ? List.of()
        : List.of(Step.to("writer", new Access.Elsewhere("commits " + version), world.commit()));
  }
}
