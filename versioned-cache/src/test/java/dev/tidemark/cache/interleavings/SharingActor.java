package dev.tidemark.cache.interleavings;

import dev.tidemark.cache.interleavings.Step.Consequence;
import dev.tidemark.cache.interleavings.Step.Served;
import dev.tidemark.cache.redis.StoredEntry;
import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.Lookup;
import java.util.List;
import java.util.Optional;

/// A wrong reader: it is served what another found some time before it began, and checks nothing.
record SharingActor(boolean demands, Phase phase, Optional<CachedValue> found) implements Actor {

  enum Phase {
    START,
    FOUND,
    DONE
  }

  static SharingActor of(boolean demands) {
    return new SharingActor(demands, Phase.START, Optional.empty());
  }

  @Override
  public List<Step> next(World world, StoredEntry entry) {
    return switch (phase) {
      case START -> List.of(Step.asking("another", new Access.Get(), it -> finds(it, world)));
      case FOUND -> found.stream().map(value -> served(value, world)).toList();
      case DONE -> List.of();
    };
  }

  private Consequence finds(Lookup lookup, World world) {
    Optional<CachedValue> value =
        lookup instanceof Lookup.Hit(CachedValue hit) ? Optional.of(hit) : Optional.empty();
    return new Consequence(
        world.with(this, new SharingActor(demands, Phase.FOUND, value)), Optional.empty());
  }

  private Step served(CachedValue value, World world) {
    Consequence consequence =
        new Consequence(
            world.with(this, new SharingActor(demands, Phase.DONE, Optional.empty())),
            Optional.of(new Served(value, demands ? world.visible() : 0, world.applied())));
    return new Step(
        "late", new Access.Elsewhere("begins, and is served " + value.version()), _ -> consequence);
  }
}
