package dev.tidemark.cache.interleavings;

import dev.tidemark.cache.interleavings.Step.Consequence;
import dev.tidemark.cache.redis.StoredEntry;
import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.Lookup;
import java.util.List;
import java.util.Optional;

/// A reader that looks at the cache, reads the source without a lease, and then corrects the cache:
/// a strong read, or the early refresh of a value that was hit. If a forger takes part, this comes
/// after it.
///
/// @param seen what it found in the cache
/// @param read what it read from the source
record SourceRefreshActor(
    Kind kind, Phase phase, Optional<CachedValue> seen, Optional<CachedValue> read)
    implements Actor {

  enum Kind {
    EARLY,
    STRONG,
    /// A wrong reader: it removes what it finds after it has read the source.
    LOOKING_LATE,
    /// A wrong reader: it writes the state of the source to the cache without any check.
    NEVER_LOOKING
  }

  enum Phase {
    START,
    LOOKED,
    SOURCE_FIRST,
    TELL,
    DONE
  }

  static SourceRefreshActor early() {
    return of(Kind.EARLY);
  }

  static SourceRefreshActor strong() {
    return of(Kind.STRONG);
  }

  static SourceRefreshActor of(Kind kind) {
    return new SourceRefreshActor(kind, Phase.START, Optional.empty(), Optional.empty());
  }

  @Override
  public List<Step> next(World world, StoredEntry entry) {
    return switch (phase) {
      case START -> start(world);
      case LOOKED -> List.of(readSource(world, Phase.TELL));
      case SOURCE_FIRST -> List.of(lookup(world, Phase.TELL));
      case TELL -> List.of(tell(world));
      case DONE -> List.of();
    };
  }

  private List<Step> start(World world) {
    if (world.actors().contains(ForgerActor.WAITING)) {
      return List.of();
    }
    return List.of(
        switch (kind) {
          case EARLY, STRONG -> lookup(world, Phase.LOOKED);
          case LOOKING_LATE -> readSource(world, Phase.SOURCE_FIRST);
          case NEVER_LOOKING -> readSource(world, Phase.TELL);
        });
  }

  private Step lookup(World world, Phase after) {
    return Step.asking(
        name(),
        new Access.Get(),
        found -> {
          Optional<CachedValue> value =
              found instanceof Lookup.Hit(CachedValue hit) ? Optional.of(hit) : Optional.empty();
          boolean ends = kind == Kind.EARLY && value.isEmpty();
          return new Consequence(
              world.with(this, ends ? in(Phase.DONE) : in(after, value, read)), Optional.empty());
        });
  }

  private Step readSource(World world, Phase after) {
    CachedValue now = world.newest();
    return Step.to(
        name(),
        new Access.Elsewhere("reads " + now.version() + " from source"),
        world.with(this, in(after, seen, Optional.of(now))));
  }

  private Step tell(World world) {
    return Step.to(name(), access(read.orElseThrow()), world.with(this, in(Phase.DONE)));
  }

  private Access access(CachedValue now) {
    if (seen.isEmpty() || seen.get().version() < now.version()) {
      return new Access.Refresh(now);
    }
    if (!seen.get().equals(now)) {
      return new Access.Remove(seen.get());
    }
    return kind == Kind.EARLY ? new Access.Prolong(now.version()) : new Access.Get();
  }

  private String name() {
    return kind == Kind.EARLY ? "early" : "strong";
  }

  private SourceRefreshActor in(Phase next) {
    return in(next, Optional.empty(), Optional.empty());
  }

  private SourceRefreshActor in(
      Phase next, Optional<CachedValue> found, Optional<CachedValue> fromSource) {
    return new SourceRefreshActor(kind, next, found, fromSource);
  }
}
