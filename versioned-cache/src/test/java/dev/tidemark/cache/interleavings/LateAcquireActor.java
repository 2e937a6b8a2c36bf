package dev.tidemark.cache.interleavings;

import dev.tidemark.cache.redis.StoredEntry;
import java.util.List;

/// A copy of a reader's acquire that the network delivers at any time.
record LateAcquireActor(String token, boolean delivered) implements Actor {

  static LateAcquireActor of(String token) {
    return new LateAcquireActor(token, false);
  }

  @Override
  public List<Step> next(World world, StoredEntry entry) {
    return delivered
        ? List.of()
        : List.of(
            Step.to(
                token + ", copy",
                new Access.Acquire(token),
                world.with(this, new LateAcquireActor(token, true))));
  }
}
