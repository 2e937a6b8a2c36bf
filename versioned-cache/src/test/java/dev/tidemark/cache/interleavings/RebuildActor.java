package dev.tidemark.cache.interleavings;

import dev.tidemark.cache.redis.StoredEntry;
import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.Lookup;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// A rebuild that fills the key from the topic: takes the lease, reads the topic to its end, fills.
///
/// How far the topic's end is behind the database is open: it holds at least what the reliable lane
/// has applied, at most what is visible.
///
/// @param leaseFirst whether it takes the lease before it reads the topic, as it must
/// @param found what it read
record RebuildActor(boolean leaseFirst, Phase phase, Optional<CachedValue> found) implements Actor {

  private static final String NAME = "rebuild";

  enum Phase {
    START,
    LEASED,
    SCANNED,
    READY,
    DONE
  }

  static RebuildActor leasing() {
    return new RebuildActor(true, Phase.START, Optional.empty());
  }

  static RebuildActor leasingLate() {
    return new RebuildActor(false, Phase.START, Optional.empty());
  }

  @Override
  public List<Step> next(World world, StoredEntry entry) {
    return switch (phase) {
      case START -> leaseFirst ? List.of(acquire(world, Phase.LEASED)) : scan(world, Phase.SCANNED);
      case LEASED -> scan(world, Phase.READY);
      case SCANNED -> List.of(acquire(world, Phase.READY));
      case READY ->
          List.of(
              Step.to(
                  NAME,
                  new Access.Fill(NAME, found.orElseThrow()),
                  world.with(this, in(Phase.DONE, Optional.empty()))));
      case DONE -> List.of();
    };
  }

  /// Takes the lease, unless there is a value, or a fill in progress.
  private Step acquire(World world, Phase after) {
    return Step.asking(
        NAME,
        new Access.Acquire(NAME),
        answer ->
            new Step.Consequence(
                world.with(
                    this,
                    answer instanceof Lookup.Miss
                        ? in(after, found)
                        : in(Phase.DONE, Optional.empty())),
                Optional.empty()));
  }

  private List<Step> scan(World world, Phase after) {
    return IntStream.rangeClosed(Math.max(1, world.applied()), world.visible())
        .mapToObj(
            end ->
                Step.to(
                    NAME,
                    new Access.Elsewhere("reads the topic to its end at " + end),
                    world.with(this, in(after, Optional.of(world.versions().get(end))))))
        .toList();
  }

  private RebuildActor in(Phase next, Optional<CachedValue> value) {
    return new RebuildActor(leaseFirst, next, value);
  }
}
