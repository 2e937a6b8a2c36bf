package dev.tidemark.cache.interleavings;

import dev.tidemark.cache.interleavings.Step.Served;
import dev.tidemark.cache.redis.StoredEntry;
import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.Lookup;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Conditions that must hold after every step of every interleaving, and at its end.
final class Promises {

  private Promises() {}

  /// Returns the promise that a step has broken, in words.
  static Optional<String> broken(World world, StoredEntry entry, Optional<Served> served) {
    return stored(world, entry).or(() -> served.flatMap(it -> served(world, it)));
  }

  /// Returns the promise that a step has broken by removing a value that the source confirms.
  static Optional<String> broken(World world, Access access, @Nullable Object answer) {
    return access instanceof Access.Remove(CachedValue seen)
            && Long.valueOf(1).equals(answer)
            && world.versions().contains(seen)
        ? Optional.of(seen.version() + " is removed, and the source has had it")
        : Optional.empty();
  }

  /// Returns the promise that is broken where no actor has a step left: the key holds the newest
  /// value, or none.
  static Optional<String> brokenAtRest(World world, StoredEntry entry) {
    return entry.meaning() instanceof Lookup.Hit(CachedValue value)
            && value.version() != world.committed()
        ? Optional.of(entry + " stays, and " + world.committed() + " is committed")
        : Optional.empty();
  }

  private static Optional<String> stored(World world, StoredEntry entry) {
    if (!(entry.meaning() instanceof Lookup.Hit(CachedValue value))) {
      return Optional.empty();
    }
    long version = value.version();
    if (version == world.forged()) {
      return Optional.empty();
    }
    if (version > world.visible()) {
      return Optional.of(entry + " is stored, and only " + world.visible() + " is visible");
    }
    if (!value.equals(world.versions().get((int) version))) {
      return Optional.of(entry + " is stored with the state of another version");
    }
    if (version < world.applied() && world.exposure() == World.Exposure.NONE) {
      return Optional.of(entry + " is stored after the eviction by " + world.applied());
    }
    return Optional.empty();
  }

  private static Optional<String> served(World world, Served served) {
    long version = served.value().version();
    if (version < served.demanded()) {
      return Optional.of(version + " is served to who demanded " + served.demanded());
    }
    if (version < served.known() && world.exposure() == World.Exposure.NONE) {
      return Optional.of(
          version + " is served to who began after the eviction by " + served.known());
    }
    return Optional.empty();
  }
}
