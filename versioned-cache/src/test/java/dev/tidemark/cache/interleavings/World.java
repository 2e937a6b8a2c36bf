package dev.tidemark.cache.interleavings;

import dev.tidemark.cache.redis.StoredEntry;
import dev.tidemark.cache.store.CachedValue;
import java.util.ArrayList;
import java.util.List;

/// State besides the entry: the progress of the database, of the reliable lane and of each actor.
/// Immutable.
///
/// @param versions the state of the aggregate at each version, by version
/// @param committed the newest version in the database's log
/// @param visible the newest that readers of the database see: the same, or the one before while
///   its commit waits, for a synchronous standby or for a processor
/// @param position how far the reliable lane has come; a rewind sets it back
/// @param applied the newest version that the reliable lane has ever evicted
/// @param exposure whether a failover may have brought back what was evicted
/// @param forged a version that somebody wrote into the cache and nobody committed; 0 while none is
record World(
    List<CachedValue> versions,
    int committed,
    int visible,
    int position,
    int applied,
    Exposure exposure,
    int forged,
    List<Actor> actors) {

  /// Excuse for a broken promise.
  enum Exposure {
    NONE,
    /// The reliable lane does not know of the failover yet.
    UNNOTICED,
    /// The reliable lane applies its evictions again.
    REWINDING
  }

  /// Returns a world in which the database and the lane are at the version given, and nothing has
  /// happened yet.
  static World at(int version, List<CachedValue> versions, List<Actor> actors) {
    return new World(versions, version, version, version, version, Exposure.NONE, 0, actors);
  }

  /// Returns the state that a reader of the database gets now.
  CachedValue newest() {
    return versions.get(visible);
  }

  /// Commits in the log, where the reliable lane could see it.
  World commit() {
    return new World(versions, committed + 1, visible, position, applied, exposure, forged, actors);
  }

  /// Makes the commit visible to readers. The row stays locked until then, so the next commit comes
  /// after.
  World show() {
    return new World(versions, committed, visible + 1, position, applied, exposure, forged, actors);
  }

  World evicted(int version) {
    int newest = Math.max(applied, version);
    boolean caughtUp = exposure == Exposure.REWINDING && version == newest;
    return new World(
        versions,
        committed,
        visible,
        version,
        newest,
        caughtUp ? Exposure.NONE : exposure,
        forged,
        actors);
  }

  World exposed() {
    return new World(
        versions, committed, visible, position, applied, Exposure.UNNOTICED, forged, actors);
  }

  World rewound(int to) {
    Exposure after = to == applied ? Exposure.NONE : Exposure.REWINDING;
    return new World(versions, committed, visible, to, applied, after, forged, actors);
  }

  World forged(int version) {
    return new World(versions, committed, visible, position, applied, exposure, version, actors);
  }

  World with(Actor before, Actor after) {
    if (before.equals(after)) {
      return this;
    }
    List<Actor> changed = new ArrayList<>(actors);
    changed.set(actors.indexOf(before), after);
    return new World(versions, committed, visible, position, applied, exposure, forged, changed);
  }

  World saw(StoredEntry entry) {
    World world = this;
    for (Actor actor : actors) {
      world = world.with(actor, actor.saw(entry));
    }
    return world;
  }

  List<Step> next(StoredEntry entry) {
    List<Step> steps = new ArrayList<>();
    for (Actor actor : actors) {
      steps.addAll(actor.next(this, entry));
    }
    return steps;
  }
}
