package dev.tidemark.invalidator.offsets;

import dev.tidemark.cache.redis.RedisPrimary;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// Redis processes that hold the entries, by the beginnings of their run ids and, where they were
/// promoted, of their replication ids: a failover there and back leaves the run id as it was (H56).
/// Immutable.
public record Primaries(Set<String> ids) {

  private static final int ID_LENGTH = 12;
  private static final String BETWEEN = ".";

  public Primaries {
    ids = Set.copyOf(ids);
  }

  static Primaries of(List<RedisPrimary> primaries) {
    return new Primaries(
        primaries.stream().map(Primaries::id).collect(Collectors.toUnmodifiableSet()));
  }

  private static String id(RedisPrimary primary) {
    String history = beginning(primary.replicationId());
    return beginning(primary.runId()) + (history.isEmpty() ? "" : "-" + history);
  }

  private static String beginning(String name) {
    return name.substring(0, Math.min(ID_LENGTH, name.length()));
  }

  /// Reads the text that [#toString] has written.
  static Primaries parse(String text) {
    return new Primaries(text.isEmpty() ? Set.of() : Set.of(text.split("\\.")));
  }

  /// Returns whether one of these processes was not there before: it may lack the last evictions. A
  /// process that is missing makes no difference.
  boolean hasNewSince(Primaries before) {
    return !before.ids.containsAll(ids);
  }

  @Override
  public String toString() {
    return String.join(BETWEEN, new TreeSet<>(ids));
  }
}
