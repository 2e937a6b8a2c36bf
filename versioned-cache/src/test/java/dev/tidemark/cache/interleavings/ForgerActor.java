package dev.tidemark.cache.interleavings;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemark.cache.redis.StoredEntry;
import dev.tidemark.cache.store.CachedValue;
import java.util.List;

/// A forger that writes a value into the cache that was never committed, at any time, once: by
/// hand, or by an invented event.
record ForgerActor(boolean done) implements Actor {

  static final ForgerActor WAITING = new ForgerActor(false);

  private static final int VERSION = 9;

  private static final StoredEntry FORGED =
      StoredEntry.of(new CachedValue.Present(VERSION, "{}".getBytes(UTF_8)));

  @Override
  public List<Step> next(World world, StoredEntry entry) {
    World after = world.with(this, new ForgerActor(true)).forged(VERSION);
    return done
        ? List.of()
        : List.of(Step.to("somebody", new Access.Replaced("writes " + FORGED, FORGED), after));
  }
}
