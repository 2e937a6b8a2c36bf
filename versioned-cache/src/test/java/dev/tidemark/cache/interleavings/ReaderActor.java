package dev.tidemark.cache.interleavings;

import static java.util.Objects.requireNonNull;

import dev.tidemark.cache.interleavings.Step.Consequence;
import dev.tidemark.cache.interleavings.Step.Served;
import dev.tidemark.cache.redis.StoredEntry;
import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.Lookup;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A reader that reads through the cache as `VersionedCache` does: a hit is served; otherwise it
/// takes the lease, reads the source and fills, or reads only the source when another has the
/// lease.
///
/// It waits for no other: a wait that finds the lease gone is a reader that came later.
///
/// @param least the version demanded, while it is under way
/// @param known the newest eviction applied when it began, while it is under way
/// @param value what it read from the source
record ReaderActor(
    String token, Kind kind, Phase phase, int least, int known, @Nullable CachedValue value)
    implements Actor {

  enum Kind {
    PLAIN,
    /// A reader that demands the newest version that was visible when it began. Where the cache has
    /// an older one it reads the source without a lease, and refreshes.
    DEMANDING,
    /// A reader whose source is a replica that is one version behind.
    LAGGING,
    /// A reader that cannot read the source, and gives its lease up.
    FAILING
  }

  enum Phase {
    START,
    FOUND_TOO_OLD,
    MISSED,
    LEASED,
    FOUND_LEASE,
    READ,
    READ_PAST,
    DONE
  }

  static ReaderActor named(String token) {
    return new ReaderActor(token, Kind.PLAIN, Phase.START, 0, 0, null);
  }

  static ReaderActor demanding(String token) {
    return new ReaderActor(token, Kind.DEMANDING, Phase.START, 0, 0, null);
  }

  static ReaderActor lagging(String token) {
    return new ReaderActor(token, Kind.LAGGING, Phase.START, 0, 0, null);
  }

  static ReaderActor failing(String token) {
    return new ReaderActor(token, Kind.FAILING, Phase.START, 0, 0, null);
  }

  @Override
  public List<Step> next(World world, StoredEntry entry) {
    return switch (phase) {
      case START -> List.of(lookup(world));
      case FOUND_TOO_OLD -> List.of(readSource(world, Phase.READ_PAST));
      case MISSED -> List.of(acquire(world));
      case LEASED -> List.of(kind == Kind.FAILING ? release(world) : readSource(world, Phase.READ));
      case FOUND_LEASE -> List.of(readSource(world, Phase.DONE));
      case READ -> List.of(fill(world));
      case READ_PAST -> List.of(refresh(world));
      case DONE -> List.of();
    };
  }

  private Step lookup(World world) {
    ReaderActor begun =
        new ReaderActor(
            token,
            kind,
            phase,
            kind == Kind.DEMANDING ? world.visible() : 0,
            world.applied(),
            null);
    return Step.asking(
        token,
        new Access.Get(),
        found ->
            switch (found) {
              case Lookup.Hit(CachedValue hit) -> begun.onHit(this, hit, world);
              case Lookup.Filling _, Lookup.Miss _ ->
                  new Consequence(world.with(this, begun.in(Phase.MISSED)), Optional.empty());
            });
  }

  private Consequence onHit(ReaderActor before, CachedValue hit, World world) {
    if (hit.version() < least) {
      return new Consequence(world.with(before, in(Phase.FOUND_TOO_OLD)), Optional.empty());
    }
    return new Consequence(
        world.with(before, ended(Phase.DONE, null)), Optional.of(new Served(hit, least, known)));
  }

  private Step refresh(World world) {
    return Step.to(
        token,
        new Access.Refresh(requireNonNull(value)),
        world.with(this, ended(Phase.DONE, null)));
  }

  private Step acquire(World world) {
    return Step.asking(
        token,
        new Access.Acquire(token),
        answer ->
            switch (answer) {
              case Lookup.Miss() ->
                  new Consequence(world.with(this, in(Phase.LEASED)), Optional.empty());
              case Lookup.Hit(CachedValue hit) -> onHit(this, hit, world);
              case Lookup.Filling _ ->
                  new Consequence(world.with(this, in(Phase.FOUND_LEASE)), Optional.empty());
            });
  }

  /// Reads the source. The result will be served, whatever the result of the fill.
  private Step readSource(World world, Phase after) {
    CachedValue read =
        kind == Kind.LAGGING
            ? world.versions().get(Math.max(1, world.visible() - 1))
            : world.newest();
    Consequence consequence =
        new Consequence(
            world.with(this, ended(after, after == Phase.DONE ? null : read)),
            Optional.of(new Served(read, least, known)));
    return new Step(
        token, new Access.Elsewhere("reads " + read.version() + " from source"), _ -> consequence);
  }

  private Step release(World world) {
    return Step.to(token, new Access.Release(token), world.with(this, ended(Phase.DONE, null)));
  }

  private Step fill(World world) {
    return Step.to(
        token,
        new Access.Fill(token, requireNonNull(value)),
        world.with(this, ended(Phase.DONE, null)));
  }

  private ReaderActor in(Phase next) {
    return new ReaderActor(token, kind, next, least, known, null);
  }

  /// Ends the read. The value to serve is fixed, so the state that it is measured by is dropped.
  private ReaderActor ended(Phase next, @Nullable CachedValue read) {
    return new ReaderActor(token, kind, next, 0, 0, read);
  }
}
