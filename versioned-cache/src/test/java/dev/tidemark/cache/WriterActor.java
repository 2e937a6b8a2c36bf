package dev.tidemark.cache;

import java.util.List;

/// Commits the versions that the world holds in store, one after the other.
record WriterActor() implements Actor {

  @Override
  public List<Step> next(World world, StoredEntry entry) {
    int version = world.committed() + 1;
    return version == world.versions().size()
        ? List.of()
        : List.of(Step.to("writer", new Access.Elsewhere("commits " + version), world.commit()));
  }
}
