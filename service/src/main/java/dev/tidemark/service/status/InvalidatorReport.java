package dev.tidemark.service.status;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// State of an invalidator. Immutable.
///
/// @param phase `waiting`, `rewinding` or `following`
/// @param group of its Kafka consumer
/// @param waitingFor what it needs and does not have, `redis`, `kafka` or `evictions`, with the
///   reason; none while it works
/// @param topics those that its settings name
/// @param partitions those that it has, in the form `product.events-0`
/// @param lagEvents records behind its committed offsets; missing while that is not known
/// @param lagSeconds age of the oldest event that is not applied; missing while that is not known
/// @param evictions number by result, in the order of the results
/// @param commitToEvict missing: no change is known
/// @param gaps versions that were missing between two events of an aggregate
/// @param rewinds how often the last evictions were applied again
/// @param deadLetters records that break the contract
/// @param redis missing: not known
/// @param audit missing where this invalidator makes none
public record InvalidatorReport(
    String phase,
    boolean ready,
    String reason,
    String group,
    Map<String, String> waitingFor,
    List<String> topics,
    List<String> partitions,
    Optional<Long> lagEvents,
    Optional<Double> lagSeconds,
    Map<String, Long> evictions,
    CommitToEvict commitToEvict,
    long gaps,
    long rewinds,
    long deadLetters,
    Redis redis,
    Optional<AuditReport> audit)
    implements ServiceReport {

  public InvalidatorReport {
    waitingFor = ordered(waitingFor);
    topics = List.copyOf(topics);
    partitions = List.copyOf(partitions);
    evictions = ordered(evictions);
  }

  /// Time from the commit of a change until no older value was in the cache.
  public record CommitToEvict(Times lastMinute, Times sinceStart) {

    /// Creates the times of no change.
    public CommitToEvict() {
      this(new Times(), new Times());
    }
  }

  /// Times of some changes.
  ///
  /// @param events number of the changes
  /// @param millis by quantile, as `0.99`; missing where there is no change
  /// @param within share of the changes by limit, as `10ms`; missing where there is no change
  public record Times(
      long events,
      @JsonInclude(JsonInclude.Include.NON_EMPTY) Map<String, Double> millis,
      @JsonInclude(JsonInclude.Include.NON_EMPTY) Map<String, Double> within) {

    public Times {
      millis = ordered(millis);
      within = ordered(within);
    }

    /// Creates the times of no change.
    public Times() {
      this(0, Map.of(), Map.of());
    }
  }

  /// The servers of Redis.
  ///
  /// @param primaries their run ids
  /// @param longestReplicationLagSeconds of a replica that could become the primary
  public record Redis(List<String> primaries, long longestReplicationLagSeconds) {

    public Redis {
      primaries = List.copyOf(primaries);
    }

    /// Creates the state of servers about which nothing is known.
    public Redis() {
      this(List.of(), 0);
    }
  }

  private static <V> Map<String, V> ordered(Map<String, V> map) {
    return Collections.unmodifiableMap(new LinkedHashMap<>(map));
  }
}
