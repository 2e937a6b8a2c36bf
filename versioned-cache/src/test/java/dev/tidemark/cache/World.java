package dev.tidemark.cache;

import java.util.ArrayList;
import java.util.List;

/// All but the entry: how far the database, the reliable lane and each actor are. Immutable.
///
/// @param versions the state of the aggregate at each version, by version
/// @param committed the newest version in the database
/// @param position how far the reliable lane has come; a rewind sets it back
/// @param applied the newest version that the reliable lane has ever evicted
/// @param exposure whether a failover may have brought back what was evicted
record World(
    List<CachedValue> versions,
    int committed,
    int position,
    int applied,
    Exposure exposure,
    List<Actor> actors) {

  /// What the promises are excused by.
  enum Exposure {
    NONE,
    /// The reliable lane does not know of the failover yet.
    UNNOTICED,
    /// It applies its evictions again.
    REWINDING
  }

  /// The database and the lane are at the version given, and nothing has happened yet.
  static World at(int version, List<CachedValue> versions, List<Actor> actors) {
    return new World(versions, version, version, version, Exposure.NONE, actors);
  }

  CachedValue newest() {
    return versions.get(committed);
  }

  World commit() {
    return new World(versions, committed + 1, position, applied, exposure, actors);
  }

  World evicted(int version) {
    int newest = Math.max(applied, version);
    boolean caughtUp = exposure == Exposure.REWINDING && version == newest;
    return new World(
        versions, committed, version, newest, caughtUp ? Exposure.NONE : exposure, actors);
  }

  World exposed() {
    return new World(versions, committed, position, applied, Exposure.UNNOTICED, actors);
  }

  World rewound(int to) {
    Exposure after = to == applied ? Exposure.NONE : Exposure.REWINDING;
    return new World(versions, committed, to, applied, after, actors);
  }

  World with(Actor before, Actor after) {
    if (before.equals(after)) {
      return this;
    }
    List<Actor> changed = new ArrayList<>(actors);
    changed.set(actors.indexOf(before), after);
    return new World(versions, committed, position, applied, exposure, changed);
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
