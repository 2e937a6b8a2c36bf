package dev.tidemark.cache;

import java.util.List;
import java.util.Optional;

/// Reads the source without a lease and later refreshes with what it read: a strong read, or an
/// early refresh.
///
/// @param read what it read and has not stored yet
record SourceRefreshActor(boolean begun, Optional<CachedValue> read) implements Actor {

  static SourceRefreshActor ready() {
    return new SourceRefreshActor(false, Optional.empty());
  }

  @Override
  public List<Step> next(World world, StoredEntry entry) {
    if (!begun) {
      CachedValue newest = world.newest();
      return List.of(
          Step.to(
              "refresher",
              new Access.Elsewhere("reads " + newest.version() + " from source"),
              world.with(this, new SourceRefreshActor(true, Optional.of(newest)))));
    }
    World done = world.with(this, new SourceRefreshActor(true, Optional.empty()));
    return read.stream().map(value -> Step.to("refresher", store(value), done)).toList();
  }

  /// How it stores what it read.
  private static Access store(CachedValue value) {
    return new Access.Refresh(value);
  }
}
