package dev.tidemark.cache;

import dev.tidemark.cache.Step.Served;
import java.util.Optional;

/// What must be true after every step of every interleaving.
final class Promises {

  private Promises() {}

  /// What is broken, in words.
  static Optional<String> broken(World world, StoredEntry entry, Optional<Served> served) {
    return stored(world, entry).or(() -> served.flatMap(it -> served(world, it)));
  }

  private static Optional<String> stored(World world, StoredEntry entry) {
    if (!(entry.meaning() instanceof Lookup.Hit(CachedValue value))) {
      return Optional.empty();
    }
    long version = value.version();
    if (version > world.committed()) {
      return Optional.of(entry + " is stored, and only " + world.committed() + " is committed");
    }
    if (!value.equals(world.versions().get((int) version))) {
      return Optional.of(entry + " is stored with the state of another version");
    }
    if (version < world.applied() && world.exposure() == World.Exposure.NONE) {
      return Optional.of(entry + " is stored after the eviction by " + world.applied());
    }
    if (version < world.committed() && world.atRest()) {
      return Optional.of(entry + " is stored at rest, and " + world.committed() + " is committed");
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
