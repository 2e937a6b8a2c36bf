package dev.tidemark.cache.store;

/// Range of a version, checked where a version enters.
public final class Versions {

  private Versions() {}

  public static void check(long version, long least) {
    if (version < least || version > CachedValue.MAX_VERSION) {
      throw new IllegalArgumentException(
          "version " + version + " is not within " + least + ".." + CachedValue.MAX_VERSION);
    }
  }
}
