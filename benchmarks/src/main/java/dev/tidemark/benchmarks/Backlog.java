package dev.tidemark.benchmarks;

/// Outbox rows of one round, which every side drains, and the names of their aggregates.
///
/// Versions of an aggregate are as they must be: 1, 2, 3, … in commit order.
///
/// @param round distinguishes the rows from those of other rounds
/// @param warmUpRows come first, and are not measured
/// @param rows come after them
record Backlog(int round, int warmUpRows, int rows) {

  private static final int VERSIONS_PER_AGGREGATE = 10;

  Backlog {
    if (warmUpRows < 1 || rows < 1) {
      throw new IllegalArgumentException(
          "a backlog has at least one row to warm up and one to measure, not %d and %d"
              .formatted(warmUpRows, rows));
    }
  }

  int aggregates() {
    return Math.ceilDiv(warmUpRows + rows, VERSIONS_PER_AGGREGATE);
  }

  /// Returns the prefix of the aggregates: row n is version `n / aggregates + 1` of the aggregate
  /// with this before `n % aggregates`.
  String prefix() {
    return "backlog-" + round + "-";
  }

  /// Returns the aggregate of row n, counted from 0, of those that are written alone in a turn.
  String single(int turn, int n) {
    return singlePrefix(turn) + n;
  }

  /// Returns the number of a row of the backlog, -1 when it is none.
  int rowOf(String aggregateId, long version) {
    int aggregate = number(aggregateId, prefix());
    return aggregate < 0
        ? -1
        : Math.toIntExact(Math.addExact((version - 1) * aggregates(), aggregate));
  }

  /// Returns the number of a row that is written alone in this turn, -1 when it is none.
  int singleOf(int turn, String aggregateId) {
    return number(aggregateId, singlePrefix(turn));
  }

  private String singlePrefix(int turn) {
    return "single-%d-%d-".formatted(round, turn);
  }

  private static int number(String aggregateId, String prefix) {
    return aggregateId.startsWith(prefix)
        ? Integer.parseInt(aggregateId, prefix.length(), aggregateId.length(), 10)
        : -1;
  }
}
