package dev.tidemark.relay;

import dev.tidemark.relay.Change.Event;
import dev.tidemark.relay.Change.Poison;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The newest published version of the aggregates that changed last. Versions of one aggregate have
/// no hole, so a change that does not follow its predecessor shows that the source has lost one.
///
/// Bounded: an aggregate that rested while very many others changed is forgotten, and its next
/// change taken as it comes.
///
/// Confined to one thread.
final class VersionMemory {
  /// At some 150 bytes each.
  private static final int MOST_AGGREGATES = 100_000;

  private record Aggregate(String type, String id) {}

  /// @param at no later version was written before this
  private record Newest(long version, Instant at) {}

  private final LinkedHashMap<Aggregate, Newest> newest =
      new LinkedHashMap<>(1_024, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Aggregate, Newest> eldest) {
          return size() > MOST_AGGREGATES;
        }
      };

  /// Versions between two that are next to each other in the log.
  ///
  /// @param after the newest published
  /// @param before the one that comes now
  /// @param change which change shows the gap: its place among those asked about
  /// @param since the missing ones were written from then on
  /// @param until and before then
  record Gap(
      int change,
      String aggregateType,
      String aggregateId,
      long after,
      long before,
      Instant since,
      Instant until) {}

  /// Where versions are missing between what was published and these, which are to be published
  /// next.
  List<Gap> gapsBefore(List<Change> changes) {
    var ahead = new HashMap<Aggregate, Newest>();
    var gaps = new ArrayList<Gap>();
    for (int i = 0; i < changes.size(); i++) {
      var version = versionOf(changes.get(i));
      if (version.isEmpty()) {
        continue;
      }
      var aggregate = version.get().aggregate();
      var next = version.get().newest();
      var known = ahead.getOrDefault(aggregate, newest.get(aggregate));
      if (known != null && next.version() > known.version() + 1) {
        gaps.add(
            new Gap(
                i,
                aggregate.type(),
                aggregate.id(),
                known.version(),
                next.version(),
                known.at(),
                next.at()));
      }
      if (known == null || next.version() > known.version()) {
        ahead.put(aggregate, next);
      }
    }
    return gaps;
  }

  void published(List<Change> changes) {
    for (var change : changes) {
      versionOf(change)
          .ifPresent(v -> published(v.aggregate().type(), v.aggregate().id(), v.newest()));
    }
  }

  void published(String aggregateType, String aggregateId, long version, Instant at) {
    published(aggregateType, aggregateId, new Newest(version, at));
  }

  private void published(String type, String id, Newest next) {
    newest.merge(
        new Aggregate(type, id),
        next,
        (known, now) -> known.version() > now.version() ? known : now);
  }

  private record Version(Aggregate aggregate, Newest newest) {}

  /// A row that became a dead letter counts, too: it is not missing.
  private static Optional<Version> versionOf(Change change) {
    return switch (change.content()) {
      case Event(var event) ->
          Optional.of(
              new Version(
                  new Aggregate(event.aggregateType(), event.aggregateId()),
                  new Newest(event.version(), event.time())));
      case Poison poison ->
          poison.aggregateType().isPresent()
                  && poison.aggregateId().isPresent()
                  && poison.version().isPresent()
              ? Optional.of(
                  new Version(
                      new Aggregate(poison.aggregateType().get(), poison.aggregateId().get()),
                      new Newest(poison.version().getAsLong(), poison.time())))
              : Optional.empty();
    };
  }
}
