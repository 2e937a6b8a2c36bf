package dev.tidemark.relay.sink;

import dev.tidemark.event.OutboxEvent;
import dev.tidemark.relay.source.Change;
import dev.tidemark.relay.source.Change.Event;
import dev.tidemark.relay.source.Change.Poison;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// Newest published version of the aggregates that changed last. Versions of one aggregate have no
/// hole, so a change that does not follow its predecessor shows that the source has lost one.
///
/// Bounded: an aggregate that did not change while very many others did is dropped, and its next
/// change is accepted without a check.
///
/// Confined to one thread.
public final class VersionMemory {
  /// Largest number of aggregates, at about 150 bytes each.
  private static final int MOST_AGGREGATES = 100_000;

  private record Aggregate(String type, String id) {}

  /// @param at no later version was written before this
  /// @param isHearsay whether it was read from the topics; a later version may have been published
  private record Newest(long version, Instant at, boolean isHearsay) {}

  private final LinkedHashMap<Aggregate, Newest> newest =
      new LinkedHashMap<>(1_024, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Aggregate, Newest> eldest) {
          return size() > MOST_AGGREGATES;
        }
      };

  /// Versions that are missing between two neighbours in the log.
  ///
  /// @param after the newest published
  /// @param before the one that comes now
  /// @param change which change shows the gap: its place among those to be published
  /// @param since the missing ones were written from then on
  /// @param until and before then
  /// @param isHearsay whether versions of it may be published all the same
  record Gap(
      int change,
      String aggregateType,
      String aggregateId,
      long after,
      long before,
      Instant since,
      Instant until,
      boolean isHearsay) {}

  /// Notes the next changes of the log as published, and returns the gaps before those that are
  /// not.
  ///
  /// @param changes all of a stretch, in order
  /// @param unpublished those of them that are to be published now, in the same order; if that does
  ///   not come about, this memory is of no more use
  List<Gap> next(List<Change> changes, List<Change> unpublished) {
    var gaps = new ArrayList<Gap>();
    int place = 0;
    for (var change : changes) {
      boolean isNew =
          place < unpublished.size() && unpublished.get(place).rowId().equals(change.rowId());
      var version = versionOf(change);
      if (version.isPresent()) {
        var aggregate = version.get().aggregate();
        var now = version.get().newest();
        var known = newest.get(aggregate);
        if (isNew && known != null && now.version() > known.version() + 1) {
          gaps.add(
              new Gap(
                  place,
                  aggregate.type(),
                  aggregate.id(),
                  known.version(),
                  now.version(),
                  known.at(),
                  now.at(),
                  known.isHearsay()));
        }
        if (known == null || now.version() >= known.version()) {
          newest.put(aggregate, now);
        }
      }
      if (isNew) {
        place++;
      }
    }
    return gaps;
  }

  /// Notes what was read from the topics. It does not include rows that became dead letters, or
  /// that lie too far back in another partition to be read.
  void published(String aggregateType, String aggregateId, long version, Instant at) {
    newest.merge(
        new Aggregate(aggregateType, aggregateId),
        new Newest(version, at, true),
        (known, now) -> known.version() > now.version() ? known : now);
  }

  private record Version(Aggregate aggregate, Newest newest) {}

  /// Returns the version of a change. A row that became a dead letter counts, too, because it is
  /// not missing, unless the version itself is wrong.
  private static Optional<Version> versionOf(Change change) {
    return switch (change.content()) {
      case Event(var event) ->
          Optional.of(
              new Version(
                  new Aggregate(event.aggregateType(), event.aggregateId()),
                  new Newest(event.version(), event.time(), false)));
      case Poison poison ->
          poison.aggregateType().isPresent()
                  && poison.aggregateId().isPresent()
                  && isVersion(poison.version())
              ? Optional.of(
                  new Version(
                      new Aggregate(poison.aggregateType().get(), poison.aggregateId().get()),
                      new Newest(poison.version().getAsLong(), poison.time(), false)))
              : Optional.empty();
    };
  }

  private static boolean isVersion(OptionalLong version) {
    return version.isPresent()
        && version.getAsLong() >= 1
        && version.getAsLong() <= OutboxEvent.MAX_VERSION;
  }
}
