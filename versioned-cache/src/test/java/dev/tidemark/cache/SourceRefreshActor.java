package dev.tidemark.cache;

import dev.tidemark.cache.Step.Consequence;
import java.util.List;
import java.util.Optional;

/// Reads the source without a lease, and later tells the cache what it read: a strong read, or the
/// early refresh of a value that was hit.
///
/// @param value what was hit, while the source is still to be read; then what was read
/// @param unchanged whether that is the version that was hit
record SourceRefreshActor(String name, Phase phase, Optional<CachedValue> value, boolean unchanged)
    implements Actor {

  enum Phase {
    START,
    SOURCE,
    READ,
    DONE
  }

  static SourceRefreshActor early() {
    return new SourceRefreshActor("early", Phase.START, Optional.empty(), false);
  }

  static SourceRefreshActor strong() {
    return new SourceRefreshActor("strong", Phase.SOURCE, Optional.empty(), false);
  }

  @Override
  public List<Step> next(World world, StoredEntry entry) {
    return switch (phase) {
      case START -> List.of(lookup(world));
      case SOURCE -> List.of(readSource(world));
      case READ -> value.stream().map(read -> store(read, world)).toList();
      case DONE -> List.of();
    };
  }

  private Step lookup(World world) {
    return Step.asking(
        name,
        new Access.Get(),
        found ->
            new Consequence(
                world.with(
                    this,
                    found instanceof Lookup.Hit(CachedValue hit)
                        ? in(Phase.SOURCE, Optional.of(hit), false)
                        : in(Phase.DONE, Optional.empty(), false)),
                Optional.empty()));
  }

  private Step readSource(World world) {
    CachedValue read = world.newest();
    boolean same = value.isPresent() && value.get().version() == read.version();
    return Step.to(
        name,
        new Access.Elsewhere("reads " + read.version() + " from source"),
        world.with(this, in(Phase.READ, Optional.of(read), same)));
  }

  private Step store(CachedValue read, World world) {
    return Step.to(
        name,
        unchanged ? new Access.Prolong(read.version()) : new Access.Refresh(read),
        world.with(this, in(Phase.DONE, Optional.empty(), false)));
  }

  private SourceRefreshActor in(Phase next, Optional<CachedValue> about, boolean same) {
    return new SourceRefreshActor(name, next, about, same);
  }
}
