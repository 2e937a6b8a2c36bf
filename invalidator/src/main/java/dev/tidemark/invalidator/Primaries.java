package dev.tidemark.invalidator;

import dev.tidemark.cache.RedisPrimary;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// The Redis processes that hold the entries, by the beginnings of their names. Immutable.
record Primaries(Set<String> ids) {

  private static final int ID_LENGTH = 12;
  private static final String BETWEEN = ".";

  Primaries {
    ids = Set.copyOf(ids);
  }

  static Primaries of(List<RedisPrimary> primaries) {
    return new Primaries(
        primaries.stream()
            .map(RedisPrimary::runId)
            .map(id -> id.substring(0, Math.min(ID_LENGTH, id.length())))
            .collect(Collectors.toUnmodifiableSet()));
  }

  /// Reads what [#toString] has written.
  static Primaries parse(String text) {
    return new Primaries(text.isEmpty() ? Set.of() : Set.of(text.split("\\.")));
  }

  /// Whether one of these was not there before: it may lack the last evictions. One that is missing
  /// makes no difference.
  boolean hasNewSince(Primaries before) {
    return !before.ids.containsAll(ids);
  }

  @Override
  public String toString() {
    return String.join(BETWEEN, new TreeSet<>(ids));
  }
}
