package dev.tidemark.relay.session;

import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/// Transactions that a new reader sees: PostgreSQL's `pg_current_snapshot()`. A transaction that is
/// seen once is seen for ever after. Immutable.
///
/// A commit is in the log before it is in this set (H44): the committing process leaves the list of
/// running transactions only after the synchronous standbys have answered, and after it got the
/// processor again.
///
/// @param end none from this one on
/// @param running before `end`, and not among them; ids as `end`, 64 bits
record VisibleTransactions(long end, Set<Long> running) {

  VisibleTransactions {
    running = Set.copyOf(running);
  }

  /// @param snapshot `xmin:xmax:xip,…`, as PostgreSQL prints it
  static VisibleTransactions parse(String snapshot) {
    var parts = snapshot.split(":", -1);
    if (parts.length != 3) {
      throw new IllegalArgumentException("'%s' is no snapshot xmin:xmax:xip,…".formatted(snapshot));
    }
    return new VisibleTransactions(
        Long.parseLong(parts[1]),
        Stream.of(parts[2].split(","))
            .filter(id -> !id.isEmpty())
            .map(Long::valueOf)
            .collect(Collectors.toSet()));
  }

  /// @param id 64 bits
  boolean include(long id) {
    return id < end && !running.contains(id);
  }

  /// Returns the complete id from the lower 32 bits, which are all that the log has. PostgreSQL
  /// never uses two at a time that are further apart than half of their range.
  long whole(long lowerBits) {
    return end + (int) (lowerBits - end);
  }

  /// Returns the oldest transaction that is in this set and not in the other.
  OptionalLong firstNotIn(VisibleTransactions others) {
    return LongStream.concat(
            others.running.stream().mapToLong(Long::longValue), LongStream.range(others.end, end))
        .filter(this::include)
        .min();
  }
}
