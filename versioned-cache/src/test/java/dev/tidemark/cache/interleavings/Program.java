package dev.tidemark.cache.interleavings;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemark.cache.redis.StoredEntry;
import dev.tidemark.cache.store.CachedValue;
import java.util.ArrayList;
import java.util.List;

/// Actors, with the state at their beginning. Immutable.
record Program(String name, World world, StoredEntry entry) {

  /// Returns a program that begins with the oldest state in the cache.
  ///
  /// @param states what the aggregate is at each version, by the letters of the entries: `"VVD"` is
  ///   a value at 1 and 2 and deleted by 3, `"DV"` is not there at 0 and created by 1
  static Program from(String name, String states, List<Actor> actors) {
    List<CachedValue> versions = new ArrayList<>();
    if (states.startsWith("V")) {
      versions.add(new CachedValue.Absent(0));
    }
    int first = versions.size();
    for (int i = 0; i < states.length(); i++) {
      versions.add(value(states.charAt(i), versions.size()));
    }
    return new Program(
        name, World.at(first, List.copyOf(versions), actors), StoredEntry.of(versions.get(first)));
  }

  /// Returns the same program with an empty cache at first.
  Program cold() {
    return new Program(name + ", cold", world, StoredEntry.NOTHING);
  }

  private static CachedValue value(char state, int version) {
    return state == 'D'
        ? new CachedValue.Absent(version)
        : new CachedValue.Present(version, ("state " + version).getBytes(UTF_8));
  }

  @Override
  public String toString() {
    return name;
  }
}
